"""From a word to its page."""

import json

import pytest
from jsonschema import Draft202012Validator

from reconciler.cli.options import GATES as OVERRIDABLE
from reconciler.diagnostics import Code
from reconciler.explanations import EXITS, Sort, closest, explain, pages, topics
from reconciler.explanations.gates import CODES_OF_GATES, GATES
from reconciler.manifests import schemas
from reconciler.resources import KINDS, SCHEMES, Gate
from reconciler.views import explanation_json, reference_markdown
from reconciler.workflows import Exit
from reconciler.workflows.schemas import schema_texts


def _facts(topic: str) -> dict[str, str]:
    page = explain(topic)
    assert page is not None
    return dict(page.facts)


def test_every_gate_has_its_words_and_those_that_a_flag_lifts_say_so() -> None:
    assert set(GATES) == set(Gate)
    assert {gate.value for gate, hold in GATES.items() if hold.allowed} == set(OVERRIDABLE)
    assert all(hold.ways_out for hold in GATES.values())


def test_every_gate_is_behind_a_code() -> None:
    assert set(CODES_OF_GATES.values()) == set(Gate)


def test_every_exit_code_has_its_words() -> None:
    assert set(EXITS) == {exit_.value for exit_ in Exit}


def test_every_code_kind_gate_and_policy_path_is_a_topic() -> None:
    paths = {
        f"{kind}.spec.{'.'.join(path)}"
        for kind, definition in KINDS.items()
        for path in definition.fields
        if path != ("auth", "connected")  # nobody writes it: it is what the platform has seen
    }
    assert {*Code, *Gate, *KINDS, "Workspace", *paths} <= set(topics())


def test_every_page_tells_something_and_fits_the_schema() -> None:
    found = list(pages())
    document = {
        "format": "reconciler.explanation/v1",
        "topics": [explanation_json(page) for page in found],
    }
    Draft202012Validator(json.loads(schema_texts()["explanation"])).validate(document)
    assert [page.topic for page in found if not page.means] == []


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("MCPServer.spec.url", "MCPServer.spec.url"),
        ("mcpserver.url", "MCPServer.spec.url"),
        ("space.members", "Space.spec.members"),
        ("MCPServer.spec.tools.search.stake", "MCPServer.spec.tools.search.stake"),
        ("exit-5", "5"),
        ("open-space", "open-space"),
    ],
)
def test_a_topic_is_found_as_people_say_it(said: str, meant: str) -> None:
    page = explain(said)
    assert page is not None
    assert page.topic == meant


@pytest.mark.parametrize("word", ["MCPServer.spec.nothing", "Sp", "", "999", "Space.spec.access.x"])
def test_what_is_no_topic_has_no_page(word: str) -> None:
    assert explain(word) is None


def test_a_typing_mistake_is_met_with_what_was_meant() -> None:
    assert closest("unknwon-field")[0] == "unknown-field"
    assert closest("mcpserver.spec.dispalyName")[0] == "MCPServer.spec.displayName"
    assert closest("zzz") == ()


def test_a_fields_page_tells_type_default_values_and_how_planning_treats_it() -> None:
    assert _facts("MCPServer.spec.url")["immutable"].startswith("another value makes a new object")
    assert "none → bearer" in _facts("MCPServer.spec.auth.mode")["immutable"]
    assert _facts("MCPServer.spec.auth.token").keys() >= {"write-only", "secret", "with mode"}
    assert _facts("MCPServer.spec.spaces") == {
        "type": "list of text",
        "required": "no",
        "set": "order doesn't matter",
        "names": "resources of the kind Space",
    }
    assert _facts("Space.lifecycle.protect")["default"] == "false"
    assert _facts("Space.spec.access")["values"] == "open, restricted"


def test_a_mode_of_signing_in_has_its_own_fields() -> None:
    page = explain("MCPServer.spec.auth")
    assert page is not None
    modes = {child.name: child.modes for child in page.children}
    assert modes["token"] == ("bearer",)
    assert modes["scopes"] == ("automatic", "static-oauth")
    assert modes["mode"] == ()


def test_the_reference_holds_every_topic_once_and_spells_references_out_for_one_field() -> None:
    text = reference_markdown(pages())
    first = "Workspace.spec.credentials.accessToken"
    for topic in topics():
        parent = topic.rpartition(".")[0]
        above = explain(parent) if parent else None
        ways = {child.name for child in above.children} if above else set()
        repeated = ways >= {*SCHEMES} and parent != first
        assert text.count(f"### `{topic}`\n") == (0 if repeated else 1), topic
    assert text.count(f"- **reference**: as `{first}`\n") > 3


def test_a_field_that_is_required_is_required_by_the_schema() -> None:
    page = explain("Workspace.spec")
    assert page is not None
    required = schemas()["workspace.schema.json"]["$defs"]["WorkspaceSpec"]["required"]
    assert [child.name for child in page.children if child.required] == required


def test_kinds_come_first_with_an_example() -> None:
    first = next(iter(pages()))
    assert (first.sort, first.topic) == (Sort.KIND, "Workspace")
    assert first.good
