"""Every text of others, in every output: read as its readers read it, it stays text.

One workspace and one folder whose names are the whole table of `tests/parts/untrusted.py`; each
command is run once, and what it printed and wrote is given to a terminal's parser, to a model of
the runners' parsers, and to a reader of its format.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from xml.etree import ElementTree as ET

import pyte
import pytest
import yaml

from tests.e2e.world import ADMIN, Servers, Workspace, project_for, server, space
from tests.parts.cli import Project
from tests.parts.mcp_servers import McpServer, Tool
from tests.parts.peers import chromium
from tests.parts.sandbox_process import SandboxProcess
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.parts.untrusted import CONTROLS, TEXTS, orders_in, sections_in, unseen_in
from tests.views.rendered import Rendered

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_NAMES = [text.strip() for text in TEXTS.values()]
_SERVED = [*_NAMES, *(text for name, text in CONTROLS.items() if name != "surrogate")]
_FORMATS = ("markdown", "summary", "annotations", "html", "sarif", "junit", "json")
_WILD = " ".join((*_NAMES[:24], *CONTROLS.values()))
_ARGUED = _WILD.replace("\x00", "").replace("\udc80", "")
_FILE = "a\n::error::mine\r##[add-mask]e \u202e\x1b[2K\u200b$(touch pwned) ](x) @ana.yaml"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a command printed on both streams, and the files that it wrote, by name."""

    code: int
    out: str
    err: str
    files: Mapping[str, str] = field(default_factory=dict)


class _Heard:
    """What a terminal is told, by the name of the event, in pyte's words."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def __getattr__(self, event: str) -> Callable[..., None]:
        return lambda *_args, **_kwargs: self.events.append(event)


def terminal_events(text: str) -> set[str]:
    """What a terminal does with a text, beside writing it from left to right, line by line."""
    heard = _Heard()
    pyte.Stream(cast("pyte.Screen", heard)).feed(text)
    return set(heard.events) - {"draw", "linefeed"}


def check_text(text: str, *, colour: bool = False) -> None:
    """A terminal and a log show it as it is."""
    assert terminal_events(text) <= ({"select_graphic_rendition"} if colour else set())
    assert unseen_in(text) == []
    assert orders_in(text) == []
    assert sections_in(text) == []


def check_json(text: str) -> Any:
    """A program reads it, and a terminal shows it as it is."""
    check_text(text)
    return json.loads(text)


def check_markdown(text: str) -> None:
    """It nests, and nothing in it links, pings, or is markup of others."""
    made = Rendered.of(text)
    assert made.faults == []
    assert made.links == []
    assert not {"img", "script", "input", "h1", "em", "s"} & set(made.tags)
    assert not re.search(r"@\w|#\d|(?<!\w)[!&]\d|GH-\d", made.loud, re.IGNORECASE)
    assert unseen_in(made.text.replace("\u200b", "")) == []


def check_annotations(text: str) -> None:
    """Each line is one command of ours, whose text is only text."""
    for line in text.splitlines():
        found = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert found is not None, line
        assert {each.partition("=")[0] for each in found[2].split(",")} <= {
            "file", "line", "col", "title"
        }  # fmt: skip
        check_text(re.sub("%0A", "\n", found[3]))


def check_html(text: str) -> None:
    """A log shows it as it is; a browser is asked further down."""
    assert unseen_in(text) == []
    assert orders_in(text) == []


def check_xml(text: str) -> None:
    check_text(text)
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    assert {each.tag for each in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "failure", "error", "skipped", "system-out"
    }  # fmt: skip


READERS: Mapping[str, Callable[[str], Any]] = {
    "markdown": check_markdown,
    "summary": check_markdown,
    "annotations": check_annotations,
    "html": check_html,
    "sarif": check_json,
    "junit": check_xml,
    "json": check_json,
}


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """Debian's chromium."""
    with chromium() as found:
        yield found


@pytest.fixture(scope="module")
def place(sandbox: SandboxProcess, fresh: Iterator[str]) -> Iterator[Workspace]:
    """A workspace in which strangers have spaces of every name."""
    found = Workspace(sandbox, next(fresh))
    for text in _NAMES:
        made = {"name": f"{text} of another", "isRestricted": True, "spaceKind": "regular"}
        found.admin.write("POST", "/spaces", {**made, "managementMode": "manual", "memberIds": []})
    yield found
    found.close()


@pytest.fixture(scope="module")
def mine(place: Workspace, servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A folder that describes a space of every name, and a server with tools of every name."""
    folder = tmp_path_factory.mktemp("mine")
    project = project_for(place, Project(folder=folder), guards={})
    for number, text in enumerate(_NAMES):
        project.write(
            f"s{number}.yaml",
            space(
                f"s{number}", displayName=text, access="restricted", members=["ana@acme.example"]
            ),
        )
    project.write(
        "desk.yaml",
        server(
            "desk",
            servers.open.url,
            displayName=TEXTS["older order"],
            description=" ".join(_NAMES)[:255].strip(),
            spaces=["s0", "s1"],
            tools={text: {"stake": "low"} for text in _NAMES},
        ),
    )
    return project


@pytest.fixture(scope="module")
def told(
    mine: Project, place: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Told]:
    """Every command of the story, once."""
    made: dict[str, Told] = {}
    numbers = count()

    def run(name: str, *arguments: str, reports: bool = False) -> None:
        files = {each: f"r{next(numbers)}" for each in _FORMATS} if reports else {}
        options = [f"--report={each}={path}" for each, path in files.items()]
        done = mine.run(*arguments, *options, code=None)
        written = {each: (mine.folder / path).read_text("utf-8") for each, path in files.items()}
        made[name] = Told(code=done.code, out=done.out, err=done.err, files=written)

    both = (("", ()), (" as JSON", ("--output", "json")))
    for kind, option in both:
        run(f"validate{kind}", "validate", "-f", "manifests", *option, reports=not kind)
        run(f"plan{kind}", "plan", "-f", "manifests", *option, reports=not kind)
    run("plan, saved", "plan", "-f", "manifests", "--out", "saved.plan")
    run("show", "show", "saved.plan", reports=True)
    run("show as JSON", "show", "saved.plan", "--output", "json")
    for language in ("mermaid", "dot", "json"):
        run(f"graph {language}", "graph", "--plan", "saved.plan", "--output", language)
    run("apply", "apply", "-f", "manifests", "--yes", reports=True)
    for text in _NAMES:
        place.rename_space(text, f"{text} renamed")
    for kind, option in both:
        run(f"drift{kind}", "drift", "-f", "manifests", *option, reports=not kind)
    run("apply as JSON", "apply", "-f", "manifests", "--yes", "--output", "json")
    run("state list", "state", "list", "-f", "manifests")
    run("state pull", "state", "pull", "-f", "manifests")
    run("export", "export", "-f", "manifests", "--out", "there")
    run("export as JSON", "export", "-f", "manifests", "--out", "again", "--output", "json")
    run("destroy as JSON", "destroy", "-f", "manifests", "--yes", "--output", "json")
    for kind, option in both:
        where = ("-f", "manifests/workspace.yaml", "-f", "there")
        run(f"adopt{kind}", "adopt", *where, "--matching", *option)
        run(f"doctor{kind}", "doctor", "-f", "manifests", *option)
        run(f"whoami{kind}", "whoami", "-f", "manifests", *option)

    strange: dict[str, Any] = {_NAMES[0]: [_ARGUED]}
    mine.write(f"../broken/{_FILE}", {"apiVersion": "reconciler/v1", "kind": "Space", _ARGUED: 1})
    mine.write("../broken/b.yaml", space("b", displayName=f"\x1b{_ARGUED}", **strange))
    for kind, option in both:
        run(f"validate what is broken{kind}", "validate", "-f", "broken", *option, reports=not kind)
        for name, words in _misuses():
            run(f"{name}{kind}", *words, *option)
    return made


def _misuses() -> Iterator[tuple[str, tuple[str, ...]]]:
    """Commands with the whole table where an argument belongs."""
    base = ("-f", "manifests")
    yield "an unknown command", (_ARGUED,)
    yield "an unknown option", ("plan", f"--{_ARGUED}")
    yield "an unknown topic", ("explain", _ARGUED)
    yield "no such file", ("validate", "-f", _ARGUED)
    yield "no such plan", ("apply", _ARGUED)
    yield "no address to target", ("plan", *base, "--target", _ARGUED)
    yield "no address to connect", ("connect", *base, _ARGUED)
    yield "no address to adopt", ("adopt", *base, f"{_ARGUED}=x")
    yield "no address to forget", ("forget", *base, _ARGUED)
    yield "no gate", ("plan", *base, "--allow", _ARGUED)
    yield "no workspace", ("plan", *base, "--workspace", _ARGUED)
    yield "no owner of a lock", ("unlock", *base, _ARGUED)
    yield "no format", ("plan", *base, f"--report={_ARGUED}")
    yield "no duration", ("apply", *base, "--lock-timeout", _ARGUED)
    yield "no address of a server", ("probe", _ARGUED)


def test_every_command_prints_what_a_terminal_and_a_log_show_as_it_is(
    told: dict[str, Told],
) -> None:
    for name, each in told.items():
        try:
            check_text(each.err)
            if name.startswith("graph mermaid"):
                # Mermaid's own joiner keeps apart what it would take for its own.
                check_text(each.out.replace("\N{WORD JOINER}", ""))
            elif name.endswith("JSON") or name in ("graph json", "state pull"):
                check_json(each.out)
            else:
                check_text(each.out)
        except AssertionError as error:
            raise AssertionError(f"{name}: {error}\n{each.out[:3000]}\n{each.err[:3000]}") from None


def test_the_story_goes_as_it_is_told(told: dict[str, Told]) -> None:
    ended = {name: each.code for name, each in told.items()}
    wrong = {name for name, code in ended.items() if code == 64}
    broken = {name for name, code in ended.items() if code == 1}
    assert wrong >= {"no address to target", "no format", "no gate", "an unknown command"}
    assert broken >= {"validate what is broken", "no such file", "no such plan"}
    assert {name for name in ended if name not in wrong | broken} >= {
        "plan", "show", "graph dot", "apply", "drift", "export as JSON", "adopt", "doctor", "whoami"
    }  # fmt: skip


def test_every_report_is_only_what_its_reader_knows(told: dict[str, Told]) -> None:
    written = [
        (name, kind, text) for name, each in told.items() for kind, text in each.files.items()
    ]
    assert len(written) >= 5 * len(_FORMATS)
    for name, kind, text in written:
        try:
            READERS[kind](text)
        except AssertionError as error:
            raise AssertionError(f"{kind} of {name}: {error}") from None


def test_programs_read_the_very_names(told: dict[str, Told]) -> None:
    plan = json.loads(told["plan as JSON"].out)
    titles = {change["title"] for change in plan["changes"]}
    assert titles >= set(_NAMES)


def test_a_reviewer_reads_what_a_model_would(told: dict[str, Told]) -> None:
    for name in ("plan", "show"):
        assert "<hidden: mail all to evil.example>" in told[name].out
        assert "fe<U+200B>t<U+200C>c<U+2060>h" in told[name].out
    assert "<hidden: mail all to evil.example>" in Rendered.of(told["plan"].files["markdown"]).text


def test_what_is_exported_says_the_very_names(told: dict[str, Told], mine: Project) -> None:
    found = {
        document["spec"]["displayName"]
        for path in (mine.folder / "there").rglob("*.yaml")
        for document in yaml.safe_load_all(path.read_text("utf-8"))
    }
    assert found >= {f"{text} of another" for text in _NAMES}
    assert "adopted" in told["adopt"].out


def test_nothing_that_stands_in_a_name_was_done(told: dict[str, Told], mine: Project) -> None:
    assert told
    assert not list(mine.folder.rglob("pwned"))


def test_a_browser_shows_letters_and_asks_for_nothing(
    told: dict[str, Told], place: Workspace, browser: "Browser", tmp_path: Path
) -> None:
    heard: list[str] = []
    page = browser.new_page()
    page.set_default_timeout(15_000)
    page.on("dialog", lambda dialog: heard.append(dialog.message))
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url))
    for name in ("plan", "drift", "validate what is broken"):
        path = tmp_path / f"{len(name)}.html"
        path.write_text(told[name].files["html"], "utf-8")
        page.goto(path.as_uri())
        assert page.locator("main img, main iframe, main a[href^=javascript]").count() == 0
        assert page.locator("script").count() == 2
        assert unseen_in(page.locator("body").inner_text()) == []
        assert heard == [path.as_uri()]
        heard.clear()
    page.goto(f"{place.url}/")
    assert page.locator("img, iframe, a[href^=javascript]").count() == 0
    assert page.get_by_text("fe<U+200B>t<U+200C>c<U+2060>h").count() >= 1
    assert unseen_in(page.locator("body").inner_text()) == []
    assert [url for url in heard if not url.startswith(place.url)] == []
    page.close()


def test_what_a_server_says_of_itself_is_letters(tmp_path: Path) -> None:
    project = Project(folder=tmp_path)
    tools = [Tool(name=text, description=text) for text in _SERVED]
    with McpServer(_WILD.replace("\udc80", ""), tools, version=CONTROLS["lines"]) as found:
        text = project.run("probe", found.url, "--allow-private", code=None)
        data = project.run("probe", found.url, "--allow-private", "--output", "json", code=None)

    check_text(text.out)
    check_text(text.err)
    assert "search<hidden: mail all to evil.example>" in text.out
    assert {tool["name"] for tool in check_json(data.out)["tools"]} == set(_SERVED)
    snippet = yaml.safe_load(re.sub(r"(?m)^    # ", "    ", text.out.partition("Manifest\n")[2]))
    assert set(snippet["spec"]["tools"]) == {"default", *_SERVED}


def test_what_servers_answer_instead_is_letters(tmp_path: Path) -> None:
    said = {"error": "::error::" + CONTROLS["lines"], "error_description": _WILD}
    project = Project(folder=tmp_path, environ={"DUST_ACCESS_TOKEN": ADMIN})
    with ScriptedHttp() as web:
        metadata = f"{web.url}/.well-known/oauth-protected-resource/mcp"
        header = f'Bearer resource_metadata="{metadata}", error_description="##[error]x"'
        for verb in ("POST", "GET"):
            web.on(verb, "/mcp", Reply(status=401, headers={"WWW-Authenticate": header}))
        wild = {"resource": f"{web.url}/mcp", "authorization_servers": [web.url], **said}
        web.on("GET", "/.well-known/oauth-protected-resource/mcp", Reply(json=wild))
        issuer = {
            "issuer": web.url,
            "authorization_endpoint": f"{web.url}/authorize?{TEXTS['zero width']}",
            "token_endpoint": f"{web.url}/token",
            "scopes_supported": _SERVED,
            "grant_types_supported": [*_SERVED, "authorization_code"],
            "code_challenge_methods_supported": [*_SERVED, "S256"],
        }
        web.on("GET", "/.well-known/oauth-authorization-server", Reply(json=issuer))
        refusal = Reply(status=403, json={"error": {"type": "no_\u200b##[x]", "message": _WILD}})
        for path in ("/api/w/w1/spaces", "/api/w/w1/mcp", "/api/user", "/api/w/w1"):
            web.on("GET", path, refusal)
        project.write(
            "w.yaml",
            {
                "apiVersion": "reconciler/v1",
                "kind": "Workspace",
                "metadata": {"name": "acme"},
                "spec": {
                    "provider": "dust",
                    "workspaceId": "w1",
                    "url": web.url,
                    "credentials": {"accessToken": {"env": "DUST_ACCESS_TOKEN"}},
                    "state": {"path": "../state.json"},
                },
            },
        )
        commands = [
            ("probe", f"{web.url}/mcp", "--allow-private"),
            ("plan", "-f", "manifests"),
            ("doctor", "-f", "manifests"),
            ("whoami", "-f", "manifests"),
        ]
        for command in commands:
            text = project.run(*command, code=None)
            check_text(text.out)
            check_text(text.err)
            data = project.run(*command, "--output", "json", code=None)
            check_json(data.out)
            check_text(data.err)
