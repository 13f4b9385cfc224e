"""Crashes and Ctrl-C at exact places: what stands afterwards, and that the next apply converges.

A gatekeeper between the tool and the sandbox holds a call before the workspace gets it, or after
the workspace has carried it out and before the tool hears of it.
"""

import json
import signal
from collections.abc import Iterator

import pytest

from tests.e2e.gatekeeper import Asked, Gatekeeper, Told, When
from tests.e2e.world import Servers, Workspace, project_for, server, space
from tests.parts.cli import Project

# One worker, so that the calls come in one order.
_APPLY = ("apply", "-f", "manifests", "--yes", "--parallelism", "1")


@pytest.fixture
def gate(workspace: Workspace) -> Iterator[Gatekeeper]:
    """A door to the sandbox."""
    with Gatekeeper(workspace.url) as door:
        yield door


@pytest.fixture
def behind(project: Project, workspace: Workspace, servers: Servers, gate: Gatekeeper) -> Project:
    """A project that goes through the door: a space, and a server with everything in it."""
    project_for(workspace, project, url=gate.url)
    project.environ.update(TOKEN="a-token-of-the-server")
    project.write("space.yaml", space("team", displayName="Team", members=["ana@acme.example"]))
    project.write(
        "server.yaml",
        server(
            "tool",
            servers.open.url,
            displayName="Tool",
            description="A tool",
            icon="ActionRobotIcon",
            spaces=["team"],
            auth={"mode": "bearer", "token": {"env": "TOKEN"}},
            tools={"default": {"stake": "low"}},
        ),
    )
    return project


# Every kind of write that the two creations take.
_WRITES = (
    r"POST .*/spaces$",
    r"POST .*/mcp$",
    r"PATCH .*/mcp/(?!views)[^/]+$",
    r"PATCH .*/mcp/views/",
    r"PATCH .*/tools$",
    r"POST .*/mcp_views$",
)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", _WRITES)
def test_an_apply_that_was_killed_at_a_write_is_finished_without_duplicates(
    behind: Project, workspace: Workspace, gate: Gatekeeper, call: str, when: When
) -> None:
    hold = gate.hold(call, when)
    with behind.start(*_APPLY) as running:
        hold.wait()
        running.kill()
        running.end()
    gate.open()

    behind.apply()

    _is_whole(workspace)
    behind.settled()
    assert not (behind.folder / "state.json.journal").exists()


@pytest.mark.parametrize("call", [r"POST .*/spaces$", r"POST .*/mcp$", r"PATCH .*/tools$"])
def test_a_write_whose_answer_is_lost_is_looked_up_and_not_repeated(
    behind: Project, workspace: Workspace, gate: Gatekeeper, call: str
) -> None:
    lost: list[str] = []

    def lose(asked: Asked) -> Told | None:
        if lost:
            return None
        lost.append(str(asked))
        gate.forward(asked)
        raise ConnectionAbortedError

    gate.answer(call, lose)

    behind.apply(code=None)
    behind.apply()

    assert lost
    _is_whole(workspace)
    behind.settled()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_apply_ends_what_runs_and_starts_nothing_new(
    behind: Project, workspace: Workspace, gate: Gatekeeper, kind: signal.Signals
) -> None:
    """Ctrl-C; and a pipeline's job that is cancelled gets SIGTERM."""
    hold = gate.hold(r"POST .*/spaces$", "after")
    with behind.start(*_APPLY) as running:
        hold.wait()
        running.interrupt(kind)
        running.wait_for("stopping: running operations end first")
        hold.release()
        done = running.end()

    assert done.code == 130, str(done)
    assert "Interrupted:" in done.out
    assert "skipped" in done.out
    assert "Team" in workspace.spaces()
    assert "Tool" not in workspace.servers()
    state = json.loads((behind.folder / "state.json").read_text())
    assert list(state["resources"]) == ["Space/team"], "the state knows what was done"
    for left in (".journal", ".lock-owner"):
        assert not (behind.folder / f"state.json{left}").exists()

    behind.apply()
    _is_whole(workspace)
    behind.settled()


def test_an_interruption_in_the_middle_of_a_change_is_told_and_finished_later(
    behind: Project, workspace: Workspace, gate: Gatekeeper
) -> None:
    hold = gate.hold(r"POST .*/mcp$", "after")
    with behind.start(*_APPLY) as running:
        hold.wait()
        running.interrupt()
        running.wait_for("stopping")
        hold.release()
        done = running.end()

    assert done.code == 130, str(done)
    assert "interrupted before this operation; nothing of it was sent" in done.out
    assert "apply again to finish" in done.out

    behind.apply()
    _is_whole(workspace)
    behind.settled()


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_a_second_interruption_abandons_what_runs(
    behind: Project, workspace: Workspace, gate: Gatekeeper, second: signal.Signals
) -> None:
    hold = gate.hold(r"POST .*/mcp$", "after")
    with behind.start(*_APPLY) as running:
        hold.wait()
        running.interrupt()
        running.wait_for("stopping")
        running.interrupt(second)
        done = running.end()
    hold.release()

    assert done.code == 130, str(done)
    assert "interrupted; what was under way is abandoned, and may have happened or not" in done.err
    state = json.loads((behind.folder / "state.json").read_text())
    assert list(state["resources"]) == ["Space/team"], "what was done is known at once"
    assert [each["address"] for each in state["unfinished"]] == ["MCPServer/tool"]
    assert not (behind.folder / "state.json.lock-owner").exists()
    behind.apply()
    _is_whole(workspace)
    behind.settled()


def test_an_interruption_while_reading_writes_nothing(
    behind: Project, workspace: Workspace, gate: Gatekeeper
) -> None:
    hold = gate.hold(r"GET .*/spaces")
    with behind.start(*_APPLY) as running:
        hold.wait()
        running.interrupt()
        done = running.end()

    assert done.code == 130, str(done)
    assert gate.calls(writes_only=True) == []
    assert workspace.spaces().keys() == {"Board room"}


def test_while_one_apply_runs_a_second_is_told_who_holds_the_state(
    behind: Project, workspace: Workspace, gate: Gatekeeper
) -> None:
    hold = gate.hold(r"POST .*/spaces$")
    with behind.start(*_APPLY) as first:
        hold.wait()
        locked = behind.apply(code=7)
        looking = behind.plan(code=0)
        hold.release()
        assert first.end().code == 0

    assert f":{first.pid} since" in locked.err
    assert "wait for that run to end" in locked.err
    assert "to create" in looking.out, "a plan takes no lock"
    _is_whole(workspace)
    behind.settled()


def test_a_deletion_that_was_killed_is_finished(
    behind: Project, workspace: Workspace, gate: Gatekeeper
) -> None:
    behind.apply()
    behind.remove("space.yaml")
    behind.remove("server.yaml")
    hold = gate.hold(r"DELETE .*/mcp/[^/]+$", "after")
    with behind.start(*_APPLY) as running:
        hold.wait()
        running.kill()
        running.end()
    gate.open()

    behind.apply()

    assert workspace.spaces().keys() == {"Board room"}
    assert "Tool" not in workspace.servers()
    behind.settled()


@pytest.mark.parametrize("call", [r"POST .*/mcp$", r"DELETE .*/mcp/[^/]+$", r"PATCH .*/mcp/views/"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_replacement_that_was_killed_is_finished(
    behind: Project,
    workspace: Workspace,
    servers: Servers,
    gate: Gatekeeper,
    call: str,
    when: When,
) -> None:
    behind.apply()
    path = behind.manifests / "server.yaml"
    path.write_text(path.read_text().replace(servers.open.url, servers.other.url))
    hold = gate.hold(call, when)
    with behind.start(*_APPLY) as running:
        hold.wait()
        running.kill()
        running.end()
    gate.open()

    behind.apply()

    _is_whole(workspace)
    assert workspace.server("Tool")["url"] == servers.other.url
    behind.settled()


def _is_whole(workspace: Workspace) -> None:
    assert workspace.spaces().keys() == {"Board room", "Team"}
    assert [m["email"] for m in workspace.spaces()["Team"]["members"]] == ["ana@acme.example"]
    listed = workspace.admin.read("/mcp")["servers"]
    ours = [each for each in listed if "127.0.0.1" in (each.get("url") or "")]
    assert len(ours) == 1, "a duplicate was made"
    assert workspace.server("Tool")["icon"] == "ActionRobotIcon"
    assert workspace.system_view("Tool")["description"] == "A tool"
    assert workspace.places("Tool") == {"Team"}
    assert set(workspace.tools("Tool").values()) == {("low", True)}
