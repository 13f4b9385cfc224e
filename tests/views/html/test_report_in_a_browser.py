"""The report in a real browser: what a reviewer sees, finds, and does by keyboard."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.parts.npm_packages import NPM
from tests.parts.peers import need_npm
from tests.views.html.opening import Opener
from tests.views.topology.scenes import HOSTILE

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

AXE = NPM / "node_modules" / "axe-core" / "axe.min.js"


def rows(page: "Page") -> list[str]:
    """The addresses in the list of changes."""
    return page.locator("#list .address").all_inner_texts()


def focused(page: "Page") -> str:
    """The address of the row, or the name of the box, that has the focus."""
    script = """(document.activeElement.querySelector('.address')?.textContent
                 ?? document.activeElement.dataset.id ?? document.activeElement.id)"""
    return str(page.evaluate(script))


@pytest.fixture(scope="module")
def unfiltered(browser: "Browser", report: Callable[[str], Path]) -> Iterator["Page"]:
    """One window for all filters; each test clears its own."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.goto(report("lifelike").as_uri())
    yield page
    page.close()


def test_it_says_first_how_it_stands(opened: Opener) -> None:
    page = opened("lifelike")
    assert page.get_by_role("heading", level=1).inner_text().startswith("acme")
    assert "2 changes are refused" in page.locator("#outcome").inner_text()
    counts = page.locator("#counts li").all_inner_texts()
    assert counts[:4] == ["2 to create", "4 to update", "2 to delete", "2 refused"]
    facts = page.locator("#facts").inner_text()
    for told in ("2026-11-25 23:00:00 UTC", "2099-12-02", "open-space", "sha256:3f9a"):
        assert told in facts


def test_what_touches_security_comes_by_concern_and_leads_to_its_change(opened: Opener) -> None:
    page = opened("lifelike")
    titles = page.locator("#matters h3").all_inner_texts()
    assert [title.split()[0] for title in titles] == [
        "Exposure",
        "Scopes",
        "Credentials",
        "Stakes",
        "Destruction",
    ]
    page.locator("#matters .matter", has_text="is shown to open spaces").get_by_role(
        "button"
    ).click()
    assert focused(page) == "MCPServer/github"
    panel = page.locator(".change:has([aria-expanded=true]) .panel").inner_text()
    assert "agents act through the one workspace connection" in panel


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        (
            lambda p: p.locator("#actions").get_by_text("create").click(),
            {"Space/sales", "MCPServer/crm"},
        ),
        (
            lambda p: p.locator("#actions").get_by_text("refused").click(),
            {"MCPServer/wiki", "Space/legal"},
        ),
        (
            lambda p: p.locator("#counts").get_by_text("to delete").click(),
            {"Space/legacy", "Space/legal", "MCPServer/old-search"},
        ),
        (lambda p: p.locator("#why").select_option("reason:drift"), {"Space/finance"}),
        (
            lambda p: p.locator("#why").select_option("origin:standing"),
            {"Space/finance", "MCPServer/github", "MCPServer/payments"},
        ),
        (
            lambda p: p.locator("#concern").select_option("scopes"),
            {"MCPServer/github", "MCPServer/crm"},
        ),
        (lambda p: p.locator("#text").fill("eve@contractor"), {"Space/finance"}),
        (lambda p: p.locator("#text").fill("GITHUB.yaml:10 spaces"), {"MCPServer/github"}),
    ],
    ids=["create", "refused", "count", "drift", "standing", "concern", "value", "words"],
)
def test_a_filter_leaves_what_it_says(unfiltered: "Page", act: Any, expected: set[str]) -> None:
    act(unfiltered)
    assert set(rows(unfiltered)) == expected
    assert unfiltered.locator("#found").inner_text().startswith(f"{len(expected)} of 10")
    unfiltered.get_by_role("button", name="Clear the filters").click()
    assert len(rows(unfiltered)) == 10


def test_a_change_tells_fields_consequences_users_calls_and_lines(opened: Opener) -> None:
    page = opened("lifelike", fragment="#MCPServer/old-search")
    panel = page.locator(".change:has([aria-expanded=true]) .panel")
    text = panel.inner_text()
    assert 'used by the agents "Support triage", "Release notes"' in text
    assert "every person's personal connection to it is lost" in text
    panel.get_by_text("1 API call").click()
    assert "DELETE" in panel.inner_text()

    page.evaluate("location.hash = '#MCPServer/github'")
    panel = page.locator(".change:has([aria-expanded=true]) .panel").filter(has_text="read:org")
    scopes = panel.get_by_role("row").filter(has_text="auth.scopes")
    assert scopes.locator("ins").all_text_contents() == ["+ added read:org", "+ added workflow"]
    assert scopes.locator("del").all_text_contents() == ["\N{MINUS SIGN} removed read:user"]
    assert "manifests/github.yaml:15" in scopes.inner_text()

    page.evaluate("location.hash = '#Space/legal'")
    refused = page.locator("#list .diagnostic").inner_text()
    assert "gate protected" in refused


def test_the_keyboard_goes_everywhere(opened: Opener) -> None:
    page = opened("lifelike")
    keys = page.keyboard
    keys.press("/")
    assert focused(page) == "text"
    keys.type("space/")  # letters are letters here
    assert len(rows(page)) == 5
    keys.press("Escape")
    assert len(rows(page)) == 10
    first, second = rows(page)[:2]
    keys.press("j")
    assert focused(page) == first
    keys.press("j")
    assert focused(page) == second
    keys.press("Enter")
    row = page.locator("#list .row").nth(1)
    assert row.get_attribute("aria-expanded") == "true"
    keys.press("k")
    assert focused(page) == first
    keys.press("?")
    assert page.get_by_role("dialog").is_visible()
    keys.press("Escape")
    assert not page.get_by_role("dialog").is_visible()
    keys.press("g")
    assert focused(page) == "graph-title"


def test_single_letters_can_be_turned_off(opened: Opener) -> None:
    page = opened("lifelike")
    page.locator("#keys").click()
    page.get_by_label("Single letters are keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert focused(page) == "keys"


def test_a_box_of_the_graph_brings_out_what_it_is_joined_with(opened: Opener) -> None:
    page = opened("lifelike")
    page.locator('[data-id="server:github"]').focus()
    lit = page.locator(".box.lit").evaluate_all("all => all.map((each) => each.dataset.id)")
    assert set(lit) == {
        "server:github",
        "space:engineering",
        "space:all-hands",
        *(f"scope:github.example {name}" for name in ("read:org", "read:user", "workflow")),
    } | ({"scope:github.example repo"} & set(lit))
    told = page.locator("#node").inner_text()
    assert "each person signs in → one shared sign-in" in told
    assert "scope read:user — removed" in told
    page.keyboard.press("ArrowLeft")
    assert focused(page) in {"space:all-hands", "space:sales", "space:engineering"}
    page.keyboard.press("Enter")
    assert focused(page).startswith("Space/")


def test_before_and_after_draw_what_was_and_what_will_be(opened: Opener) -> None:
    page = opened("lifelike")

    def titles() -> set[str]:
        return set(page.locator(".box-title").all_text_contents())

    sides = page.locator("#sides")
    sides.get_by_text("Before", exact=True).click()
    assert "Legacy" in titles()
    assert "CRM" not in titles()
    sides.get_by_text("After", exact=True).click()
    assert "Legacy" not in titles()
    assert {"CRM", "Legal", "Wiki"} <= titles(), "what is refused stays in sight"


def test_the_graph_is_a_table_as_well(opened: Opener) -> None:
    page = opened("lifelike")
    page.get_by_role("button", name="As a table").click()
    row = page.locator("#table tr").filter(has=page.get_by_role("rowheader", name="GitHub"))
    told = row.inner_text()
    assert "All hands (added)" in told
    assert "workflow (added)" in told
    assert "wider: is used with one shared sign-in" in told


def test_what_stays_as_it_is_is_folded_and_unfolds(opened: Opener) -> None:
    page = opened("lifelike")
    folded = page.locator(".box.folded", has_text="18 unchanged servers")
    folded.click()
    assert page.locator(".box.server").count() == 23


def test_with_many_boxes_each_server_says_where_it_shows(opened: Opener) -> None:
    page = opened("settled")
    assert page.locator(".box.folded", has_text="200 unchanged servers").count() == 1
    page.get_by_label("What stays as it is").check()
    told = page.locator(".box.server .box-line").all_text_contents()
    assert told == ["in Research"] * 200


_GROUND = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)[0] < 128"


def test_it_is_dark_or_light_as_the_system_is_and_as_the_switch_says(opened: Opener) -> None:
    page = opened("lifelike", color_scheme="dark")
    assert page.evaluate(_GROUND)
    page.get_by_role("button", name="Theme").click()
    assert not page.evaluate(_GROUND)
    page.get_by_role("button", name="Theme").click()
    assert page.evaluate(_GROUND)
    assert not opened("lifelike", color_scheme="light").evaluate(_GROUND)


# A box of the drawing cuts long lines; its name begins with its title and has them whole, so the
# rule that wants every visible letter in it can't hold.
_RUN_AXE = """
async () => (await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa",
                                                "wcag22aa", "best-practice"],
    rules: {"label-content-name-mismatch": {enabled: false}}}))
  .violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) => node.html)])
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_complain_about(opened: Opener, scheme: str) -> None:
    need_npm("axe-core")
    page = opened("lifelike", color_scheme=scheme, bypass_csp=True)
    for number in (0, 4, 6, 9):
        page.locator("#list .row").nth(number).click()
    page.evaluate(AXE.read_text("utf-8"))
    assert page.evaluate(_RUN_AXE) == []
    page.get_by_role("button", name="As a table").click()
    page.keyboard.press("?")
    assert page.evaluate(_RUN_AXE) == []


@pytest.mark.parametrize("name", ["lifelike", "hostile", "stopped", "ending"])
def test_nothing_sticks_out_of_a_narrow_window(opened: Opener, name: str) -> None:
    page = opened(name, width=400)
    for row in page.locator("#list .row").all()[:6]:
        row.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_the_end_of_an_apply_tells_what_became_of_each_change(opened: Opener) -> None:
    page = opened("ending")
    told = page.locator("#faults").inner_text()
    assert "What wasn't done" in told
    assert "the token has ended" in told
    assert page.locator("#counts li").all_inner_texts()[:2] == ["1 applied", "1 pending"]
    page.locator("#text").fill("uncertain")
    assert page.locator("#list .tag").first.inner_text() == "uncertain"
    assert len(rows(page)) == 1
    page.locator("#list .row").click()
    assert "why it is unknown" in page.locator("#list .panel").inner_text()
    assert not page.locator("#security, #graph").filter(visible=True).count()


def test_hostile_names_are_letters(opened: Opener) -> None:
    page = opened("hostile")
    assert " ".join(page.locator("h1").inner_text().split()) == " ".join(" ".join(HOSTILE).split())
    titles = page.locator("#list .title").evaluate_all(
        "all => all.map((e) => e.textContent.trim())"
    )
    assert set(titles) == set(HOSTILE)
    assert page.locator("main img, main a[href^=javascript], main iframe").count() == 0
    assert page.locator("script").count() == 2


def test_nothing_can_be_written_as_html(browser: "Browser", report: Callable[[str], Path]) -> None:
    page = browser.new_page()
    page.goto(report("settled").as_uri())
    script = """() => { try { document.body.innerHTML = "<i>x</i>"; return "written"; }
                        catch (error) { return error.name; } }"""
    assert page.evaluate(script) == "TypeError"
    page.close()


def test_five_thousand_changes_stay_quick_to_find(opened: Opener) -> None:
    page = opened("large")
    assert page.locator("#found").inner_text() == "5,000 changes"
    assert page.locator("#list > li").count() <= 150, "rows are made as they come into sight"
    assert page.locator(".box").count() <= 403
    page.locator("#text").fill("server 4321")
    assert rows(page) == ["MCPServer/m4321"]
    page.locator("#seek").fill("server 4321")
    assert page.locator(".box-title").all_text_contents() == ["Space 01", "Server 4321"]


def test_on_paper_everything_is_open(opened: Opener) -> None:
    page = opened("lifelike")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    assert page.locator("#list .panel:visible").count() == 10
    assert not page.locator("#text").is_visible()


def test_a_command_that_stopped_says_why(opened: Opener) -> None:
    page = opened("stopped")
    assert "`authh` is not a field" in page.locator("#faults").inner_text()
    assert not page.locator("#changes").is_visible()


_VIEWS = [
    *(("lifelike", scheme, width) for scheme in ("light", "dark") for width in (1300, 400)),
    ("settled", "light", 1300),
    ("stopped", "light", 1300),
]


@pytest.mark.parametrize(("name", "scheme", "width"), _VIEWS)
def test_it_looks_as_kept_in_the_pictures(
    opened: Opener, tmp_path: Path, name: str, scheme: str, width: int
) -> None:
    """Kept where `RECONCILER_SCREENSHOTS` says, for people to look at."""
    folder = Path(os.environ.get("RECONCILER_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page = opened(name, width=width, color_scheme=scheme)
    for row in page.locator("#list .row").all()[4:6]:
        row.click()
    page.evaluate("scrollTo(0, 0)")
    path = folder / f"report-{name}-{scheme}-{width}.png"
    page.screenshot(path=path, full_page=True)
    colours = page.evaluate(
        """() => new Set([...document.querySelectorAll("main *")]
             .map((each) => getComputedStyle(each).color)).size"""
    )
    assert path.stat().st_size > 10_000
    assert colours > 3, "the style wasn't applied"
