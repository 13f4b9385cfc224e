"""Where fields of valid manifests are written, for those who report on them later."""

from pathlib import Path

import pytest

from reconciler.manifests import Loaded, load
from reconciler.manifests.location import FileLocator
from reconciler.resources import Address
from tests.manifests.corpus import GOOD

GITHUB = Address("MCPServer", "github")


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> Loaded:
    monkeypatch.chdir(GOOD)
    return load([Path()])


@pytest.mark.parametrize(
    ("path", "place", "excerpt"),
    [
        ((), "servers.yaml:3:18", "metadata: {name: github"),
        (("url",), "servers.yaml:7:3", "  url: https://api.githubcopilot.com/mcp"),
        (("spaces",), "servers.yaml:11:3", "  spaces: [finance, engineering]"),
        (("spaces", "engineering"), "servers.yaml:11:21", "  spaces: [finance, engineering"),
        (
            ("auth", "clientSecret"),
            "servers.yaml:15:5",
            '    clientSecret: {vault: "secret/mcp/github#client_secret"}',
        ),
        (("auth",), "servers.yaml:12:3", "  auth:"),
        (("auth", "nothing"), "servers.yaml:12:3", "  auth:"),
        (
            ("tools", "search_issues", "stake"),
            "servers.yaml:26:21",
            "    search_issues: {stake: never_ask",
        ),
        (
            ("tools", "get_me", "stake"),
            "servers.yaml:28:5",
            "    get_me: {}",
        ),
        (("nothing", "at", "all"), "servers.yaml:6:1", "spec:"),
    ],
)
def test_a_field_is_found_at_its_key_or_the_nearest_above(
    loaded: Loaded, path: tuple[str, ...], place: str, excerpt: str
) -> None:
    span = loaded.locator.span(GITHUB, path)
    assert span is not None
    assert (str(span), span.excerpt) == (place, excerpt)


ODD = """# first
%YAML 1.1
---
apiVersion: reconciler/v1
kind: Space
metadata: {name: erste}   # 🛎
spec: {displayName: "🛎 Rezeption", members: [ana@acme.example]}
...
# between
---
apiVersion: reconciler/v1
kind: Space
metadata: &meta
  name: zweite
spec:
  displayName: 🛎 Zwei
  members: &people [ben@acme.example, ana@acme.example]
  groups: *people
"""


@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_a_file_that_was_let_go_is_located_by_the_document(tmp_path: Path, line_break: str) -> None:
    (tmp_path / "w.yaml").write_bytes((GOOD / "workspace.yaml").read_bytes())
    for name in ("a", "b"):
        text = ODD.replace("erste", f"erste-{name}").replace("zweite", f"zweite-{name}")
        (tmp_path / f"{name}.yaml").write_bytes(text.replace("\n", line_break).encode())
    locator = load([tmp_path]).locator
    assert isinstance(locator, FileLocator)
    thrifty = FileLocator(locator.homes, valid=locator.valid, kept=0)
    addresses = [Address("Space", f"{at}-{name}") for at in ("zweite", "erste") for name in "abba"]
    paths = [(), ("displayName",), ("members", "ana@acme.example"), ("groups",), ("nothing",)]
    for address in addresses:
        for path in paths:
            found = thrifty.span(address, path)
            assert found is not None
            assert found == locator.span(address, path), (address, path)
            assert found.line > 1


def test_a_field_of_the_workspace_is_found_too(loaded: Loaded) -> None:
    span = loaded.locator.span(Address("Workspace", "acme"), ("credentials", "accessToken"))
    assert str(span) == "workspace.yaml:10:5"


def test_a_field_that_an_alias_stands_for_is_found_where_it_is_written(tmp_path: Path) -> None:
    text = (GOOD / "servers.yaml").read_text() + (
        "---\napiVersion: reconciler/v1\nkind: MCPServer\nmetadata: {name: aliased}\nspec:\n"
        "  url: https://a.example\n"
        "  tools: {one: &quiet {stake: low}, two: *quiet}\n"
    )
    (tmp_path / "servers.yaml").write_text(text)
    loaded = load([tmp_path, GOOD / "workspace.yaml", GOOD / "spaces.yaml"])
    one = loaded.locator.span(Address("MCPServer", "aliased"), ("tools", "one", "stake"))
    two = loaded.locator.span(Address("MCPServer", "aliased"), ("tools", "two", "stake"))
    assert one is not None
    assert one == two


def test_an_address_that_is_not_declared_has_no_place(loaded: Loaded) -> None:
    assert loaded.locator.span(Address("Space", "nowhere")) is None


def test_a_file_that_is_gone_since_gives_its_first_line(tmp_path: Path) -> None:
    for path in GOOD.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    loaded = load([tmp_path])
    (tmp_path / "servers.yaml").unlink()
    assert str(loaded.locator.span(GITHUB, ("url",))) == f"{tmp_path / 'servers.yaml'}:1:1"
