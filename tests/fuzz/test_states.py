"""State files that something else changed: refused; sealed again, refused or usable."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from reconciler.diagnostics import PLAIN, printable
from reconciler.resources import Address, digest_of, read_json
from reconciler.state import (
    Consent,
    State,
    StateAltered,
    StateError,
    StateUnreadable,
    dump,
    parse,
)
from reconciler.views import entry_json, owned_json, owned_text
from tests.fuzz.mutating import ANY_BYTES, ANY_JSON, mutated, mutated_text, often, text_of, tried
from tests.parts.values import (
    live_server,
    live_space,
    plan,
    server,
    snapshot,
    space,
    state,
    tool,
)
from tests.planning.documents import document
from tests.state.stores import store
from tests.state.test_document import WHOLE

FULL = replace(
    WHOLE,
    consents={
        Address("MCPServer", "linear"): Consent(
            connection="con_1",
            provider="mcp_static",
            url="https://linear.example/authorize?client_id=demo",
            who="ana@acme.example",
            since="2026-01-01T00:00:00+00:00",
            asked="sha256:0",
            scopes=("read",),
        )
    },
)
WHOLES = [json.loads(dump(each)) for each in (FULL, WHOLE, state())]
TEXTS = [dump(FULL), dump(state())]
WANTED = [
    space("finance", {"displayName": "Finance", "members": ["eve@acme.example"]}, protect=True),
    space("money", {"displayName": "Money"}, previously=("finance",)),
    server("github", {"auth": {"mode": "bearer", "token": {"env": "T"}}, "spaces": ["finance"]}),
    server("linear", {"url": "https://linear.example/mcp", "displayName": "Linear"}),
]
LIVE = snapshot(
    live_space("vlt_1", {"displayName": "Finance"}),
    live_server("rms_1", {"displayName": "old"}),
    live_server("rms_2", {"auth": {"mode": "bearer", "token": True}, "tools": {"a": tool()}}),
)


def is_whole(text: str) -> bool:
    """Whether nothing was changed after all."""
    plain = [json.dumps(whole, sort_keys=True) for whole in WHOLES]
    return json.dumps(read_json(text), sort_keys=True) in plain


def sealed(value: Any) -> str:
    """The text of a changed state with a checksum that fits, as somebody who knows would do."""
    whole = tried(lambda: read_json(text_of(value)), ValueError)
    if not isinstance(whole, dict):
        return text_of(value)
    bare = {key: each for key, each in whole.items() if key != "checksum"}
    return json.dumps({**bare, "checksum": "sha256:" + digest_of(bare)})


def use(found: State) -> None:
    """Everything that is done with a state: shown, planned on, written again."""
    told = owned_text(found, PLAIN)
    assert [line for line in told.split("\n") if printable(line) != line] == []
    json.dumps([owned_json(found), [entry_json(a, e) for a, e in found.entries.items()]])
    json.dumps(document(plan(WANTED, LIVE, found)))
    assert dump(parse(dump(found), name="again")) == dump(found)


@often(150)
@given(data=ANY_BYTES | mutated_text(TEXTS).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_what_is_no_state_is_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    (folder / "acme.json").write_bytes(data)
    found = tried(lambda: store(folder).load(), StateError)
    assert isinstance(found, StateError) or is_whole(data.decode())


@often(250)
@given(text=ANY_JSON.map(text_of) | mutated(WHOLES).map(text_of))
def test_a_state_that_was_changed_is_refused(text: str) -> None:
    found = tried(lambda: parse(text, name="acme.json"), StateUnreadable)
    if isinstance(found, StateUnreadable):
        assert "\n" not in found.message
        assert found.help
    else:
        assert is_whole(text)


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    return [
        leaf
        for key, each in inner
        for leaf in (
            _leaves(each, (*path, key)) if isinstance(each, dict | list) else [(*path, key)]
        )
    ]


def _altered(path: tuple[Any, ...]) -> str:
    whole = json.loads(TEXTS[0])
    place = whole
    for key in path[:-1]:
        place = place[key]
    found = place[path[-1]]
    place[path[-1]] = not found if isinstance(found, bool) else (found or "") * 2 or "rms_8"
    return json.dumps(whole)


def test_no_value_of_a_state_can_be_altered_unseen() -> None:
    paths = _leaves(WHOLES[0])
    assert len(paths) > 20
    for path in paths:
        text = _altered(path)
        with pytest.raises(StateUnreadable) as refused:
            parse(text, name="acme.json")
        shaped = path != ("checksum",) and _can_be_accepted(text)
        assert isinstance(refused.value, StateAltered) == shaped, path


def _can_be_accepted(text: str) -> bool:
    return isinstance(tried(lambda: parse(text, name="", sealed=False), StateUnreadable), State)


@often(250)
@given(value=mutated(WHOLES))
def test_a_state_that_was_sealed_again_is_refused_or_can_be_used(value: Any) -> None:
    found = tried(lambda: parse(sealed(value), name="acme.json"), StateUnreadable)
    if isinstance(found, State):
        use(found)


@pytest.mark.parametrize("whole", WHOLES, ids=["full", "some", "empty"])
def test_a_state_that_nobody_changed_can_be_used(whole: dict[str, Any], tmp_path: Path) -> None:
    assert json.loads(sealed(whole)) == whole
    use(parse(sealed(whole), name="acme.json"))
