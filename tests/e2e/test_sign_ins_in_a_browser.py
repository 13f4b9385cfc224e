"""`reconciler connect` and a real browser: sign in, consent, come back, and it is done."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.e2e.signing import MODES, Parts, Scene, opened, scene_of
from tests.e2e.world import ADMIN
from tests.parts.peers import chromium

_EACH = 12


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    """What all tests share."""
    with opened(_EACH) as found:
        found.oidc.consent("page")
        yield found


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Numbers of workspaces that nobody has used."""
    return iter(range(_EACH))


@pytest.fixture
def scene(parts: Parts, numbers: Iterator[int], tmp_path: Path) -> Iterator[Scene]:
    """A project for a workspace of the test's own."""
    with scene_of(parts, next(numbers), tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that nobody is signed in with."""
    context = browser.new_context()
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext, scene: Scene) -> Page:
    """A page of the browser in which Ana is signed in to the workspace."""
    page = context.new_page()
    page.goto(f"{scene.sandbox.url}/login")
    _say_who(page)
    expect(page.get_by_role("status")).to_have_text("Signed in as ana@acme.example")
    return page


def _say_who(page: Page) -> None:
    page.get_by_label("Your token in the sandbox").fill(ADMIN)
    page.get_by_role("button", name="Sign in").click()


def _outcome(page: Page, word: str) -> None:
    """Wait for an outcome of the callback page."""
    expect(page.locator("body")).to_have_attribute("data-outcome", word)


def _open(page: Page, url: str) -> None:
    """The authorization server's page, which says what is asked for."""
    page.goto(url)
    expect(page.locator("#scope")).to_contain_text("read")


@pytest.mark.parametrize("mode", MODES)
def test_the_address_that_the_browser_lands_on_is_pasted(
    scene: Scene, page: Page, mode: str
) -> None:
    """Where the platform finishes a sign-in in the session that began it only."""
    scene.use(mode)
    scene.project.apply(code=6)
    with scene.connect() as running:
        _open(page, scene.address(running))
        page.locator("#allow").click()
        _outcome(page, "elsewhere")
        assert page.url.startswith(scene.callback_of(mode))
        running.enter(page.get_by_label("The address of this page").input_value())
        ended = running.end()
    assert ended.code == 0, str(ended)
    assert "the platform has the sign-in" in ended.err
    assert "MCPServer/desk created" in ended.err
    assert scene.workspace.tools("Desk") == {"search": ("high", True)}
    scene.project.settled()


@pytest.mark.parametrize("mode", MODES)
def test_a_browser_that_finishes_by_itself_is_noticed(scene: Scene, page: Page, mode: str) -> None:
    scene.move_to_older()
    scene.use(mode)
    with scene.connect() as running:
        _open(page, scene.address(running))
        page.locator("#allow").click()
        _outcome(page, "connected")
        ended = running.end()
    assert ended.code == 0, str(ended)
    scene.project.settled()
    assert scene.project.run("connect", "-f", "manifests").code == 0


def test_who_is_not_signed_in_to_the_workspace_does_so_on_the_callback_page(
    scene: Scene, context: BrowserContext
) -> None:
    scene.move_to_older()
    with scene.connect() as running:
        page = context.new_page()
        _open(page, scene.address(running))
        page.locator("#allow").click()
        _outcome(page, "signin")
        _say_who(page)
        _outcome(page, "connected")
        ended = running.end()
    assert ended.code == 0, str(ended)
    scene.project.settled()


@pytest.mark.parametrize("mode", MODES)
def test_denying_is_said_and_the_next_connect_begins_again(
    scene: Scene, page: Page, mode: str
) -> None:
    scene.use(mode)
    with scene.connect() as running:
        _open(page, scene.address(running))
        page.locator("#deny").click()
        _outcome(page, "denied")
        assert "error=access_denied" in page.url
        running.enter(page.url)
        denied = running.end()
    assert denied.code == 1, str(denied)
    assert "the sign-in was denied at the server's side (access_denied)" in denied.out
    assert "run `reconciler connect` again and allow the access" in denied.out
    assert "Desk" not in scene.workspace.servers()
    assert "a person has to sign in to it before it exists" in scene.project.plan().out

    with scene.connect() as running:
        _open(page, scene.address(running))
        page.locator("#allow").click()
        _outcome(page, "elsewhere")
        running.enter(page.get_by_label("The address of this page").input_value())
        ended = running.end()
    assert ended.code == 0, str(ended)
    scene.project.settled()


def test_denying_without_a_word_to_the_terminal_leaves_it_pending(scene: Scene, page: Page) -> None:
    with scene.connect("--deadline", "8") as running:
        _open(page, scene.address(running))
        page.locator("#deny").click()
        _outcome(page, "denied")
        left = running.end()
    assert left.code == 6, str(left)
    assert "nobody signed in to MCPServer/desk in 8 s" in left.err
    assert "waits for ana@acme.example to sign in" in scene.project.plan().out
    with scene.connect() as running:
        _open(page, scene.address(running))
        page.locator("#allow").click()
        _outcome(page, "elsewhere")
        running.enter(page.get_by_label("The address of this page").input_value())
        assert running.end().code == 0
    scene.project.settled()
