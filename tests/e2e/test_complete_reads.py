"""No list that fails, is cut short, lies or is somebody else's leads to a write, and each says why.

What happens is the same for every command: nothing is written, neither to the workspace nor to
the state; the words name the list, what was expected of it, and what to do. A plain run takes apply
and one other command each time, `FAULTS=all` takes all.
"""

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pytest

from tests.e2e.gatekeeper import Asked, Gatekeeper, Told
from tests.e2e.world import (
    BUILDER,
    Servers,
    Workspace,
    project_for,
    server,
    space,
    workspace_manifest,
)
from tests.parts.cli import Done, Project
from tests.parts.sandbox_process import SandboxProcess

LISTS = {
    "spaces": r"GET .*/spaces\?",
    "servers": r"GET .*/mcp$",
    "views": r"GET .*/mcp_views\?",
    "members": r"GET .*/members\?",
}
CALLS = {"spaces": "/spaces", "servers": "/mcp", "views": "/mcp_views", "members": "/members"}
EMPTY: dict[str, dict[str, Any]] = {
    "spaces": {"spaces": []},
    "servers": {"success": True, "servers": []},
    "views": {"success": True, "serverViews": []},
    "members": {"members": [], "total": 0, "nextPageUrl": None},
}
PLAN, DRIFT = ("plan", "-f", "manifests"), ("drift", "-f", "manifests")
APPLY, DESTROY = ("apply", "-f", "manifests", "--yes"), ("destroy", "-f", "manifests", "--yes")

Fault = Callable[[Gatekeeper, Asked], Told]


@dataclass(frozen=True, kw_only=True)
class Owned:
    """A workspace of which a project owns a part; the manifest of one server is taken away."""

    workspace: Workspace
    project: Project

    def state(self) -> str:
        """Everything that the state remembers."""
        return (self.project.folder / "state.json").read_text("utf-8")

    def there(self) -> tuple[set[str], set[str]]:
        """The names of all spaces and servers."""
        return set(self.workspace.spaces()), set(self.workspace.servers())

    def under(self, url: str) -> None:
        """Reach the workspace by way of `url`."""
        self.project.write("workspace.yaml", workspace_manifest(self.workspace.id, url))


@pytest.fixture(scope="module")
def owned(
    sandbox: SandboxProcess,
    fresh: Iterator[str],
    servers: Servers,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Owned]:
    """Three spaces and four servers, applied; then one of the servers is to go."""
    workspace = Workspace(sandbox, next(fresh))
    project = project_for(workspace, Project(folder=tmp_path_factory.mktemp("reads")))
    for name in ("a", "b", "c"):
        project.write(f"{name}.yaml", space(name, displayName=name, members=["ana@acme.example"]))
    for number in range(4):
        manifest = server(f"s{number}", servers.open.url, displayName=f"S{number}", spaces=["a"])
        project.write(f"s{number}.yaml", manifest)
    project.apply()
    project.remove("s3.yaml")
    yield Owned(workspace=workspace, project=project)
    workspace.close()


def spoilt(
    owned: Owned, faults: dict[str, Fault], commands: tuple[tuple[str, ...], ...]
) -> Iterator[Done]:
    """Run commands while lists (by pattern) are spoilt; nothing may be written, here or there."""
    state, there = owned.state(), owned.there()
    with Gatekeeper(owned.workspace.url) as gate:
        for pattern, fault in faults.items():
            gate.answer(pattern, partial(fault, gate))
        owned.under(gate.url)
        for command in commands:
            yield owned.project.run(*command, code=None)
        assert gate.calls(writes_only=True) == []
    assert owned.there() == there
    assert owned.state() == state


def _commands(which: str, turn: int = 0) -> tuple[tuple[str, ...], ...]:
    # Who deletes everything needs to know nobody, so destroy doesn't read the members.
    readers = (PLAN, DRIFT) if which == "members" else (PLAN, DRIFT, DESTROY)
    if os.environ.get("FAULTS") == "all":
        return (APPLY, *readers)
    return APPLY, readers[(len(which) + turn) % len(readers)]


def _failed(_gate: Gatekeeper, _asked: Asked) -> Told:
    error = {"type": "internal_server_error", "message": "something is wrong"}
    return Told(status=500, body=json.dumps({"error": error}).encode())


def _cut(gate: Gatekeeper, asked: Asked) -> Told:
    whole = gate.forward(asked)
    return replace(whole, body=whole.body[: len(whole.body) // 2])


def _of_another_shape(_gate: Gatekeeper, _asked: Asked) -> Told:
    return Told(status=200, body=b"{}")


@pytest.mark.parametrize("which", LISTS)
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (_failed, "the platform failed at GET {}: internal_server_error: something is wrong"),
        (_cut, "GET {} was answered with what this version doesn't know: expected JSON"),
        (_of_another_shape, "GET {} was answered with what this version doesn't know: expected"),
    ],
)
def test_a_list_that_cannot_be_read_stops_every_command(
    owned: Owned, which: str, fault: Fault, words: str
) -> None:
    for done in spoilt(owned, {LISTS[which]: fault}, _commands(which)):
        assert done.code == 1, str(done)
        before, after = words.split("{}")
        told = done.err.replace("error: ", "", 1)
        assert before + "/" in told, str(done)
        assert CALLS[which] + after in told, str(done)
        assert "help: nothing was written: that takes lists that were read whole" in done.err


@pytest.mark.parametrize("which", LISTS)
def test_a_list_whose_answer_breaks_off_stops_the_apply(owned: Owned, which: str) -> None:
    def broken(gate: Gatekeeper, asked: Asked) -> Told:
        whole = gate.forward(asked)
        return replace(whole, body=whole.body[:-9], lost=9)

    for done in spoilt(owned, {LISTS[which]: broken}, (APPLY,)):
        assert done.code == 1, str(done)
        assert CALLS[which] in done.err, str(done)
        assert "nothing was written" in done.err, str(done)


def _empty(which: str) -> Fault:
    return lambda _gate, _asked: Told(status=200, body=json.dumps(EMPTY[which]).encode())


@pytest.mark.parametrize(
    ("which", "words", "help_"),
    [
        (
            "spaces",
            "GET /spaces listed 0 spaces of kind system; a workspace has one",
            "the list is incomplete: try again",
        ),
        (
            "servers",
            "GET /mcp doesn't list rms_",
            "the list of servers is incomplete: try again",
        ),
        (
            "members",
            "is incomplete: 0 people listed, and not ana@acme.example, who is signed in",
            "look whether the token is still an administrator's",
        ),
    ],
)
def test_an_empty_list_is_not_believed_whatever_its_status(
    owned: Owned, which: str, words: str, help_: str
) -> None:
    for done in spoilt(owned, {LISTS[which]: _empty(which)}, _commands(which)):
        assert done.code == 1, str(done)
        assert words in done.err, str(done)
        assert help_ in done.err, str(done)
        assert "nothing was written" in done.err, str(done)


def test_an_empty_list_of_views_is_made_good_by_asking_each_server(owned: Owned) -> None:
    truth = list(spoilt(owned, {}, (PLAN, DRIFT)))
    told = list(spoilt(owned, {LISTS["views"]: _empty("views")}, (PLAN, DRIFT)))
    for known, done in zip(truth, told, strict=True):
        assert _without_address(done) == _without_address(known)
    assert "1 to delete" in told[0].out


def _without_address(done: Done) -> list[str]:
    return [line for line in done.out.splitlines() if "127.0.0.1" not in line]


def _as_builder(gate: Gatekeeper, asked: Asked) -> Told:
    """What the workspace shows somebody who is no administrator."""
    mine = {**asked.headers, "authorization": f"Bearer {BUILDER}"}
    return gate.forward(replace(asked, headers=mine))


@pytest.mark.parametrize(
    ("which", "words"),
    [
        ("views", "not found: space_not_found"),
        ("members", "the access token may not do this: workspace_auth_error"),
    ],
)
def test_a_list_that_the_token_may_not_see_stops_every_command(
    owned: Owned, which: str, words: str
) -> None:
    for done in spoilt(owned, {LISTS[which]: _as_builder}, _commands(which)):
        assert done.code == 1, str(done)
        assert words in done.err, str(done)
        assert CALLS[which] in done.err, str(done)
        assert "nothing was written" in done.err, str(done)


def test_a_list_of_servers_without_the_views_that_only_administrators_see_is_made_good(
    owned: Owned,
) -> None:
    truth = list(spoilt(owned, {}, (PLAN, DRIFT)))
    told = list(spoilt(owned, {LISTS["servers"]: _as_builder}, (PLAN, DRIFT)))
    for known, done in zip(truth, told, strict=True):
        assert _without_address(done) == _without_address(known)
    assert "No drift" in told[1].out


def test_servers_that_never_show_their_views_stop_every_command(owned: Owned) -> None:
    faults: dict[str, Fault] = {LISTS["servers"]: _as_builder, r"GET .*/mcp/rms_\w+$": _as_builder}
    for done in spoilt(owned, faults, _commands("servers", 0)):
        assert done.code == 1, str(done)
        assert "are incomplete: the system space shows it" in done.err, str(done)
        assert "look whether the token is still an administrator's" in done.err, str(done)


def test_somebody_who_is_no_administrator_is_told_so_before_any_list(owned: Owned) -> None:
    for done in spoilt(owned, {r"GET /api/v1/me$": _as_builder}, _commands("servers", 1)):
        assert done.code == 1, str(done)
        assert "ben@acme.example has the role builder" in done.err, str(done)


def _shrunk(*, key: str, keep: Callable[[dict[str, Any]], bool]) -> Fault:
    def fault(gate: Gatekeeper, asked: Asked) -> Told:
        whole = gate.forward(asked)
        body = json.loads(whole.body)
        body[key] = [item for item in body[key] if keep(item)]
        return replace(whole, body=json.dumps(body).encode())

    return fault


def _no_such(kind: str) -> Fault:
    """What an object says of itself when it is gone, or when the token may not see it."""
    error = {"type": kind, "message": "it was not found"}
    return lambda _gate, _asked: Told(status=404, body=json.dumps({"error": error}).encode())


FEW_SPACES = _shrunk(key="spaces", keep=lambda each: each["name"] not in ("a", "b", "c"))
NO_SPACES: dict[str, Fault] = {
    LISTS["spaces"]: FEW_SPACES,
    r"GET .*/spaces/vlt_\w+$": _no_such("space_not_found"),
}


def test_a_list_that_lacks_an_object_which_is_there_stops_every_command(owned: Owned) -> None:
    for done in spoilt(owned, {LISTS["spaces"]: FEW_SPACES}, _commands("servers", 2)):
        assert done.code == 1, str(done)
        assert "answers contradict each other: GET /spaces doesn't know vlt_" in done.err, str(done)
        assert "one of them is incomplete or old: try again" in done.err, str(done)
        assert "nothing was written" in done.err, str(done)


def test_an_object_that_denies_itself_while_its_list_shows_it_stops_every_command(
    owned: Owned,
) -> None:
    denied: dict[str, Fault] = {r"GET .*/spaces/vlt_\w+$": _no_such("space_not_found")}
    for done in spoilt(owned, denied, _commands("servers", 3)):
        assert done.code == 1, str(done)
        assert "answers contradict each other: GET /spaces lists vlt_" in done.err, str(done)
        assert "nothing was written" in done.err, str(done)


def test_spaces_far_fewer_than_the_state_knows_hold_back_every_creation_and_delete(
    owned: Owned,
) -> None:
    for done in spoilt(owned, NO_SPACES, _commands("servers", 4)):
        assert done.code == 4, str(done)
        assert (
            "error[suspicious-read]: the workspace's Space list shows 0 of the 3 that are owned"
            in done.out
        )
        assert "nothing is made or deleted" in done.out
        assert "help: try again; look whether the token is still an administrator's" in done.out
        assert "allow it once with `--allow suspicious-read`" in done.out
        if done.arguments[0] != "drift":  # a manifest that was taken away is no drift
            assert 'delete MCPServer/s3 "S3"  gate suspicious-read' in done.out, str(done)


def test_lists_of_servers_far_below_what_the_state_knows_hold_back_every_creation_and_delete(
    owned: Owned,
) -> None:
    faults = {
        LISTS["servers"]: _shrunk(
            key="servers",
            keep=lambda each: (
                not any((view["name"] or "").startswith("S") for view in each["views"])
            ),
        ),
        LISTS["views"]: _shrunk(
            key="serverViews", keep=lambda each: not (each["name"] or "").startswith("S")
        ),
        r"GET .*/mcp/rms_\w+$": _no_such("data_source_not_found"),
    }
    for done in spoilt(owned, faults, _commands("servers", 5)):
        assert done.code == 4, str(done)
        assert "the workspace's MCPServer list shows 0 of the 4 that are owned" in done.out
        assert "state forgets it" not in done.out, "what isn't shown isn't gone"


def test_finished_servers_that_all_turn_half_made_at_once_are_not_made_anew(owned: Owned) -> None:
    faults: dict[str, Fault] = {
        LISTS["servers"]: _as_builder,
        LISTS["views"]: _empty("views"),
        r"GET .*/mcp/rms_\w+$": _as_builder,
    }
    for done in spoilt(owned, faults, _commands("servers", 6)):
        assert done.code == 4, str(done)
        assert "the workspace's MCPServer list shows 0 of the 4 that are owned" in done.out


def test_a_list_of_members_shorter_than_its_own_total_stops_every_command(owned: Owned) -> None:
    some = _shrunk(key="members", keep=lambda each: each["email"] == "ana@acme.example")
    for done in spoilt(owned, {LISTS["members"]: some}, (PLAN, DRIFT, APPLY)):
        assert done.code == 1, str(done)
        assert "the list of members is incomplete: 1 people were listed of 4" in done.err
        assert "nothing was written" in done.err


def test_believing_a_short_list_once_is_possible_by_its_name(owned: Owned) -> None:
    believing = (*PLAN, "--allow", "suspicious-read")
    for done in spoilt(owned, NO_SPACES, (believing,)):
        assert done.code == 0, str(done)
        assert "3 to create" in done.out
