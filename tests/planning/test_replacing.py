"""What an object can't be turned into in place, and what it can."""

from typing import Any

import pytest

from reconciler.resources import Action, Change
from tests.parts.values import live_server, owned, plan, server, snapshot, state

TOKEN = {"env": "TOKEN"}
MODES: dict[str, dict[str, Any]] = {
    "none": {"mode": "none"},
    "bearer": {"mode": "bearer", "token": TOKEN},
    "automatic": {"mode": "automatic"},
    "static-oauth": {
        "mode": "static-oauth",
        "clientId": "app",
        "authorizationEndpoint": "https://id.example/authorize",
        "tokenEndpoint": "https://id.example/token",
    },
}
LIVE: dict[str, dict[str, Any]] = {
    mode: {"mode": mode, **({"token": True} if mode == "bearer" else {})} for mode in MODES
}


def change(desired: dict[str, Any], live: dict[str, Any], applied: dict[str, Any]) -> Change:
    """The change of one owned server."""
    wanted = server("github", desired)
    (made,) = plan(
        [wanted],
        snapshot(live_server("rms_1", live)),
        state(
            {"MCPServer/github": owned("rms_1", {"url": "https://mcp.acme.example/mcp", **applied})}
        ),
    ).changes
    return made


def test_another_url_is_a_replace_that_makes_the_new_before_it_deletes_the_old() -> None:
    made = change({"url": "https://new.example/mcp", "displayName": "X"}, {"displayName": "X"}, {})
    assert made.action is Action.REPLACE
    kinds = [(item.creates, item.deletes) for item in made.operations]
    assert kinds.index((True, False)) < kinds.index((False, True))
    assert any("recreates the server" in text for text in made.consequences)


def test_a_url_that_the_workspace_has_otherwise_is_a_replace_too() -> None:
    made = change({}, {"url": "https://moved.example/mcp"}, {})
    assert made.action is Action.REPLACE


@pytest.mark.parametrize("before", MODES)
@pytest.mark.parametrize("after", MODES)
def test_the_kind_of_sign_in_is_for_life_but_a_token_comes_and_goes(
    before: str, after: str
) -> None:
    if before == after:
        return
    made = change({"auth": MODES[after]}, {"auth": LIVE[before]}, {"auth": MODES[before]})
    in_place = {before, after} == {"none", "bearer"}
    assert made.action is (Action.UPDATE if in_place else Action.REPLACE)


def test_a_replace_keeps_in_mind_what_it_replaces() -> None:
    made = change({"url": "https://new.example/mcp"}, {}, {})
    assert made.remote_id == "rms_1"
    assert made.live is not None
