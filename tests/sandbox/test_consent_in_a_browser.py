"""Consents in a real browser: sign in, click through, come back to the callback page."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.parts.peers import chromium
from tests.sandbox.consents import Stage
from tests.sandbox.world import ADMIN, make_server

# What a page of the workspace does: begin in this browser, open a window, listen for the outcome.
BEGIN = """async ([path, extra]) => {
  const query = new URLSearchParams({
    useCase: "platform_actions", extraConfig: extra, openerOrigin: location.origin });
  const answer = await (await fetch(`${path}/setup?${query}`)).json();
  window.addEventListener("message", (event) => { window.posted = event.data; });
  new BroadcastChannel("oauth_finalize").onmessage = (event) => { window.told = event.data; };
  window.open(answer.redirectUrl);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def context(browser: Browser, stage: Stage) -> Iterator[BrowserContext]:
    """A browser that nobody is signed in with; the authorization server asks on a page."""
    stage.idp.consent("page")
    context = browser.new_context()
    yield context
    context.close()
    stage.idp.consent("auto")


def sign_in(context: BrowserContext, stage: Stage) -> Page:
    """A page of the sandbox, signed in as the admin."""
    page = context.new_page()
    page.goto(f"{stage.world.process.url}/login")
    page.get_by_label("Your token in the sandbox").fill(ADMIN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("status")).to_have_text("Signed in as ana@acme.example")
    return page


def open_consent(page: Page, provider: str, extra: dict[str, str]) -> Page:
    """Begin a consent in the browser; the window that it opens."""
    with page.expect_popup() as popup:
        page.evaluate(BEGIN, [f"/api/w/acme/oauth/{provider}", json.dumps(extra)])
    return popup.value


def outcome(page: Page, word: str) -> None:
    """Wait for an outcome of the callback page."""
    expect(page.locator("body")).to_have_attribute("data-outcome", word)


@pytest.mark.parametrize("provider", ["mcp", "mcp_static"])
def test_allowing_connects_and_tells_the_page_that_asked(
    context: BrowserContext, stage: Stage, provider: str
) -> None:
    extra = stage.registered() if provider == "mcp" else stage.static()
    page = sign_in(context, stage)
    window = open_consent(page, provider, extra)
    expect(window.locator("#scope")).to_contain_text("read")
    window.locator("#allow").click()
    outcome(window, "connected")
    expect(window.get_by_role("status")).to_have_text("Connected")
    assert urlsplit(window.url).query == ""
    posted: dict[str, Any] = page.evaluate("window.posted")
    assert posted == page.evaluate("window.told")
    assert (posted["type"], posted["provider"]) == ("connection_finalized", provider)
    connection = posted["connection"]
    assert connection["status"] == "finalized"
    server = make_server(stage.world.admin, stage.mcp.url, connectionId=connection["connection_id"])
    authorization = stage.world.admin.read(f"/mcp/{server}")["server"]["authorization"]
    assert authorization["provider"] == provider


@pytest.mark.parametrize("provider", ["mcp", "mcp_static"])
def test_denying_is_shown_as_such(context: BrowserContext, stage: Stage, provider: str) -> None:
    extra = stage.registered() if provider == "mcp" else stage.static()
    page = sign_in(context, stage)
    window = open_consent(page, provider, extra)
    window.locator("#deny").click()
    outcome(window, "denied")
    posted: dict[str, Any] = page.evaluate("window.posted")
    assert posted["error"] == "The consent was refused on the authorization server."
    assert "connection" not in posted


def test_what_a_program_began_is_handed_back_to_it_unused(
    context: BrowserContext, stage: Stage
) -> None:
    sign_in(context, stage)
    begun = stage.begin(stage.static())
    page = context.new_page()
    page.goto(begun.url)
    page.locator("#allow").click()
    outcome(page, "elsewhere")
    address = page.get_by_label("The address of this page").input_value()
    query = {key: values[0] for key, values in parse_qs(urlsplit(address).query).items()}
    assert begun.finalize(query).status_code == 200


def test_who_is_not_signed_in_does_so_on_the_callback_page(
    context: BrowserContext, stage: Stage
) -> None:
    begun = stage.begin(stage.static())
    name, _, value = begun.cookie.partition("=")
    context.add_cookies([{"name": name, "value": value, "url": stage.world.process.url}])
    page = context.new_page()
    page.goto(begun.url)
    page.locator("#allow").click()
    outcome(page, "signin")
    page.get_by_label("Your token in the sandbox").fill("not-a-token")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("Nobody has this token.")
    page.get_by_label("Your token in the sandbox").fill(ADMIN)
    page.get_by_role("button", name="Sign in").click()
    outcome(page, "connected")


def test_a_code_that_is_refused_is_a_failure_with_a_reason(
    context: BrowserContext, stage: Stage
) -> None:
    page = sign_in(context, stage)
    window = open_consent(page, "mcp_static", stage.static(client_secret="wrong"))
    window.locator("#allow").click()
    outcome(window, "failed")
    expect(window.locator("#detail")).to_contain_text("(invalid_client)")
