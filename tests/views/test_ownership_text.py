"""What the state owns, and what it waits for, as people and programs read it."""

from reconciler.diagnostics import PLAIN
from reconciler.resources import Address
from reconciler.state import Consent, Entry, Intent, State
from reconciler.views import owned_json, owned_text

_EMPTY = State(provider="dust", workspace_id="w", lineage="l")
_ASKED = Consent(
    connection="con_1",
    provider="mcp",
    url="https://login.acme.example/authorize",
    who="ana@acme.example",
    since="2026-11-24T10:00:00Z",
    asked="sha256:1",
)


def test_each_owned_object_has_a_line() -> None:
    state = _EMPTY.put(Address("Space", "a"), Entry(remote_id="vlt_1", protect=True))
    assert owned_text(state, PLAIN) == "Space/a  vlt_1  (protected)\n"
    assert owned_text(_EMPTY, PLAIN) == "The state owns nothing.\n"


def test_who_has_to_sign_in_and_what_was_left_half_made_is_listed_too() -> None:
    waiting, half = Address("MCPServer", "github"), Address("Space", "b")
    state = State(
        provider="dust",
        workspace_id="w",
        lineage="l",
        consents={waiting: _ASKED},
        unfinished=(Intent(address=half, operation="create"),),
    )
    text = owned_text(state, PLAIN)
    assert "MCPServer/github  waits for ana@acme.example to sign in, since 2026-11-24T1" in text
    assert "Space/b           was being made when a run ended" in text
    document = owned_json(state)
    assert document["waiting"] == [
        {"address": "MCPServer/github", "who": "ana@acme.example", "since": _ASKED.since}
    ]
    assert document["unfinished"] == ["Space/b"]
