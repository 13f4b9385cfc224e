"""The page in a real browser: what a person sees, hears from a screen reader, and can do by key."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.parts.mcp_servers import McpServer
from tests.parts.peers import chromium
from tests.parts.sandbox_process import Api, SandboxProcess
from tests.sandbox.world import ADMIN, PEOPLE, make_server, make_space

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

_TOOLS = ["search", "delete_all", *(f"tool_{number:02}" for number in range(20))]


@dataclass(kw_only=True)
class Heard:
    """What the browser complained about, and whom it called."""

    complaints: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A sandbox to look at, with a restricted space, an open one, and three servers."""

    process: SandboxProcess
    api: Api


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """The sandbox; its servers were tried for real when they were added."""
    seed = {"workspaces": [{"sId": "acme", "name": "Acme", "members": PEOPLE}]}
    with (
        McpServer("search", _TOOLS) as search,
        McpServer("guarded", ["read"], bearer="granted") as guarded,
        McpServer("gateway", ["ask"], header=("X-Key", "open-sesame")) as gateway,
        SandboxProcess(seed=seed, flags=("--probe-timeout", "10")) as process,
        process.client_for(ADMIN, "acme") as api,
    ):
        finance = make_space(api, "Finance")
        make_space(api, "Lounge", isRestricted=False)
        many = make_server(api, search.url, viewName="Search")
        api.write("POST", f"/spaces/{finance}/mcp_views", {"mcpServerId": many})
        settings = [
            {"toolName": "search", "permission": "never_ask", "enabled": True},
            {"toolName": "delete_all", "permission": "low", "enabled": False},
            {"toolName": "tool_00", "permission": "medium", "enabled": True},
        ]
        api.write("PATCH", f"/mcp/{many}/tools", {"tools": settings})
        make_server(api, guarded.url, viewName="Guarded", sharedSecret="granted")
        header = [{"key": "X-Key", "value": "open-sesame"}]
        make_server(api, gateway.url, viewName="Gateway", customHeaders=header)
        api.post("/spaces", json={"name": "Finance"})
        yield Stage(process=process, api=api)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Debian's chromium."""
    with chromium() as found:
        yield found


@pytest.fixture
def heard() -> Heard:
    """Nothing yet."""
    return Heard()


@pytest.fixture
def context(browser: "Browser", stage: Stage, heard: Heard) -> Iterator["BrowserContext"]:
    """A window; at the end, nothing was wrong and nobody else was called."""
    opened = browser.new_context(viewport={"width": 1300, "height": 900})
    opened.set_default_timeout(20_000)
    opened.on("console", lambda message: heard.complaints.append(f"{message.type}: {message.text}"))
    opened.on("weberror", lambda error: heard.complaints.append(str(error.error)))
    opened.on("request", lambda request: heard.urls.append(request.url))
    yield opened
    opened.close()
    assert heard.complaints == []
    origins = {each for url in heard.urls if (each := _origin(url)) is not None}
    assert origins == {stage.process.url}


@pytest.fixture
def page(context: "BrowserContext", stage: Stage) -> "Page":
    """The page, opened."""
    opened = context.new_page()
    opened.goto(stage.process.url)
    return opened


def _origin(url: str) -> str | None:
    parts = urlsplit(url)
    return None if parts.scheme == "data" else f"{parts.scheme}://{parts.netloc}"


def _space(page: "Page", name: str) -> str:
    """The text of a space's section."""
    heading = page.get_by_role("heading", name=name, exact=True, level=3)
    section = page.locator("section.space").filter(has=heading)
    return " ".join(section.inner_text().split())


def test_it_shows_spaces_with_their_access(page: "Page") -> None:
    assert page.get_by_role("heading", name="Acme", level=2).is_visible()
    headings = page.locator("section.space h3").all_inner_texts()
    assert headings == ["Company Data", "Finance", "Lounge", "In no space"]
    assert "restricted 0 members" in _space(page, "Finance")
    assert "open everyone" in _space(page, "Lounge")


def test_it_shows_tools_with_their_stakes(page: "Page") -> None:
    text = _space(page, "Finance").lower()
    assert "search never ask" in text
    assert "delete_all disabled" in text
    assert "tool_00 medium" in text
    assert "tool_01 high" in text, "a tool without settings asks always"
    unset = page.locator(".chip.unset", has_text="tool_01").get_attribute("title")
    assert unset == "no setting, Dust's default"


def test_it_shows_how_servers_are_signed_in_to(page: "Page") -> None:
    badges = {
        box.locator("h4").inner_text(): box.locator(".badge.auth").inner_text()
        for box in page.locator(".box").all()
    }
    assert badges == {"Search": "no auth", "Guarded": "bearer token", "Gateway": "1 header"}


def test_it_shows_the_log_of_calls_with_bodies_and_without_secrets(page: "Page") -> None:
    newest = page.locator("#calls > li").first
    assert newest.locator(".verb").inner_text() == "POST"
    assert newest.locator(".status").inner_text() == "400"
    assert "ana@acme.example" in newest.inner_text()
    for summary in page.locator("#calls summary").all():
        summary.click()
    bodies = "".join(page.locator("#calls pre").all_inner_texts())
    assert '"sharedSecret": "(hidden)"' in bodies
    assert '"isRestricted": true' in bodies
    assert not [each for each in ("granted", "open-sesame", ADMIN) if each in page.content()]


def test_the_log_can_be_cut_down_to_writes(page: "Page", stage: Stage) -> None:
    stage.api.read("/spaces", role="admin")
    page.reload()
    reads = page.locator("#calls .read")
    assert reads.first.is_visible()

    page.get_by_label("writes only").check()

    assert not reads.first.is_visible()
    assert page.locator("#calls .write").first.is_visible()


def test_news_come_by_themselves_and_leave_the_keyboard_where_it_is(
    page: "Page", stage: Stage
) -> None:
    more = page.locator("#workspaces summary", has_text="more")
    body = page.locator("#calls summary").nth(2)
    marked = body.locator("xpath=ancestor::details").get_attribute("id")
    more.focus()
    page.keyboard.press("Enter")
    assert page.get_by_text("tool_19").is_visible()

    sid = make_space(stage.api, "Newly made")
    page.get_by_role("heading", name="Newly made").wait_for()

    focus = "document.activeElement.closest('details')?.id ?? document.activeElement.tagName"
    assert str(page.evaluate(focus)).startswith("t-"), "the focus was lost"
    assert page.get_by_text("tool_19").is_visible(), "what was open was closed"

    page.locator(f"#{marked} summary").focus()
    page.keyboard.press("Enter")
    stage.api.write("DELETE", f"/spaces/{sid}")
    page.get_by_role("heading", name="Newly made").wait_for(state="detached")

    assert page.evaluate(focus) == marked
    assert page.locator(f"#{marked} pre").is_visible()
    page.keyboard.press("Enter")
    assert not page.locator(f"#{marked} pre").is_visible(), "the keyboard doesn't work any more"


def test_all_controls_are_reached_by_tab_in_the_order_of_the_page(page: "Page") -> None:
    reached = []
    for _ in range(5):
        page.keyboard.press("Tab")
        reached.append(
            page.evaluate("document.activeElement.id || document.activeElement.textContent")
        )
    assert reached == ["Skip to the log of calls", "10 more", "writes", "pause", "calls"]


def test_a_pause_holds_news_back_until_it_ends(page: "Page", stage: Stage) -> None:
    button = page.get_by_role("button", name="Pause")
    button.click()
    assert page.locator("#pause").get_attribute("aria-pressed") == "true"
    sid = make_space(stage.api, "While paused")
    page.evaluate("refresh()")
    assert page.get_by_role("heading", name="While paused").count() == 0

    page.get_by_role("button", name="Resume").click()

    page.get_by_role("heading", name="While paused").wait_for()
    stage.api.write("DELETE", f"/spaces/{sid}")


# Pairs that WCAG 2.2 wants a contrast of 4.5 for: an element and what its text says.
_CONTRAST = """
() => {
  const channel = (v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  const parse = (c) => (c.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const c = parse(getComputedStyle(e).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!own || !e.checkVisibility() || e.tagName === "SCRIPT") continue;
    const [a, b] = [light(parse(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`${e.tagName}.${e.className} ${ratio.toFixed(2)}`);
  }
  return [...new Set(found)];
}
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_in_light_and_in_dark(page: "Page", scheme: str) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, ground[4:-1].split(","))) < 3 * 128) == (scheme == "dark")
    assert page.evaluate(_CONTRAST) == []


@pytest.mark.parametrize("width", [360, 1300])
def test_nothing_sticks_out_to_the_side(page: "Page", width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    wide = "document.documentElement.scrollWidth"
    assert page.evaluate(wide) <= width


def test_it_says_when_the_sandbox_is_gone(browser: "Browser", tmp_path: Path) -> None:
    with SandboxProcess() as process:
        page = browser.new_page()
        page.goto(process.url)
        process.stop()
    page.get_by_text("not connected").wait_for(timeout=20_000)
    page.close()
