"""A state that several machines share, as the command line uses it: PostgreSQL, S3, GitLab."""

import re
import secrets
from pathlib import Path

import pytest

from tests.e2e.gatekeeper import Gatekeeper, When
from tests.e2e.test_canaries import leaks
from tests.e2e.test_json_output import checked
from tests.e2e.world import ADMIN, Servers, Workspace, project_for, server, space
from tests.parts.cli import Project
from tests.state.places import Place

_APPLY = ("apply", "-f", "manifests", "--yes")


def at(*kinds: str) -> pytest.MarkDecorator:
    """Run a test with its state at places of these kinds."""
    return pytest.mark.parametrize("making", kinds, indirect=True, scope="module")


def point(
    project: Project,
    workspace: Workspace,
    place: Place,
    *,
    url: str | None = None,
    **state: object,
) -> Project:
    """Let the state be at a place, in the clear unless `state` says more."""
    assert place.password
    project.environ.update(
        STATE_PASSWORD=place.password, XDG_STATE_HOME=str(project.folder.parent / "home")
    )
    credentials: dict[str, object] = {"password": {"env": "STATE_PASSWORD"}}
    if place.username is not None:
        credentials["username"] = place.username
    spec = {"url": place.url, "credentials": credentials, **state}
    return project_for(workspace, project, url=url or workspace.url, state=spec)


def make_twice(workspace: Workspace) -> list[str]:
    """Names that more than one space or server of ours has."""
    named = [s["name"] for s in workspace.admin.read("/spaces", role="admin")["spaces"]]
    listed = workspace.admin.read("/mcp")["servers"]
    named += [each["sId"] for each in listed]
    urls = [s.get("url") for s in listed if "127.0.0.1" in (s.get("url") or "")]
    return sorted({name for name in (*named, *urls) if [*named, *urls].count(name) > 1})


@at("postgres", "s3", "gitlab")
@pytest.mark.parametrize(
    ("call", "when"),
    [
        (r"POST .*/spaces$", "after"),
        (r"POST .*/mcp$", "after"),
        (r"PATCH .*/tools$", "before"),
        (r"PATCH .*/tools$", "after"),
    ],
)
def test_an_apply_killed_at_a_call_is_finished_by_the_next(
    project: Project,
    workspace: Workspace,
    servers: Servers,
    place: Place,
    call: str,
    when: When,
) -> None:
    with Gatekeeper(workspace.url) as gate:
        point(project, workspace, place, url=gate.url)
        tools = {"default": {"stake": "low"}, "search": {"stake": "never_ask"}}
        project.write(
            "a.yaml",
            space("a"),
            server("s", servers.open.url, displayName="S", spaces=["a"], tools=tools),
        )
        hold = gate.hold(call, when)
        with project.start(*_APPLY) as running:
            hold.wait()
            running.kill()
        gate.open()
        done = project.apply(code=None)
        if done.code == 7:  # the dead run's lease has not ended, or its lock doesn't end
            said = re.search(r"reconciler (unlock \S+?)`", done.err)
            assert said, str(done)
            project.run(*said[1].split(), "-f", "manifests")
            done = project.apply()
        assert done.code == 0, str(done)
        project.settled()
    assert make_twice(workspace) == []
    assert workspace.places("S") == {"a"}


@at("s3")
def test_two_applies_at_once_one_runs_and_the_other_says_who_holds_the_lock(
    project: Project, workspace: Workspace, place: Place
) -> None:
    with Gatekeeper(workspace.url) as gate:
        point(project, workspace, place, url=gate.url)
        project.write("a.yaml", space("a"))
        hold = gate.hold(r"POST .*/spaces$", "after")
        with project.start(*_APPLY) as first:
            hold.wait()
            second = project.run(*_APPLY, "--output", "json", code=7)
            failure = checked(second, "failure")
            assert f":{first.pid} since" in failure["message"], str(second)
            assert failure["holder"]["pid"] == first.pid
            hold.release()
            assert first.end().code == 0


@at("postgres")
def test_a_state_migrates_from_a_file_and_the_file_says_where_it_went(
    project: Project, workspace: Workspace, place: Place
) -> None:
    project.write("a.yaml", space("a"))
    project.apply()
    point(project, workspace, place)
    move = ("state", "migrate", "--from", "state.json", "-f", "manifests", "--output", "json")
    carried = checked(project.run(*move), "carried")
    assert (carried["written"], carried["resources"]) == (True, 1)
    assert not checked(project.run(*move), "carried")["written"], "twice does no harm"
    project.settled()

    project_for(workspace, project)
    done = project.plan(code=1)
    assert "was moved to" in done.err
    assert (project.folder / "state.json.moved").exists()


@at("postgres")
def test_an_encrypted_state_is_used_like_any_and_shows_nothing(
    project: Project, workspace: Workspace, place: Place
) -> None:
    project.environ["STATE_KEY"] = secrets.token_urlsafe(32)
    point(project, workspace, place, encryption={"key": {"env": "STATE_KEY"}})
    project.write("a.yaml", space("a", displayName="Hush hush"))
    project.apply()
    project.settled()
    text = place.shelf().read().text
    assert text
    assert "reconciler.sealed/v1" in text
    assert "hush" not in text.lower()

    project.environ["NEW_KEY"] = secrets.token_urlsafe(32)
    rotated = {"key": {"env": "NEW_KEY"}, "previousKey": {"env": "STATE_KEY"}}
    point(project, workspace, place, encryption=rotated)
    project.write("b.yaml", space("b"))
    project.apply()
    point(project, workspace, place, encryption={"key": {"env": "NEW_KEY"}})
    project.settled()


@at("gitlab")
def test_no_command_shows_a_credential_of_the_state(
    project: Project, workspace: Workspace, place: Place, tmp_path: Path
) -> None:
    project.environ["STATE_KEY"] = f"key.{secrets.token_urlsafe(40)}"
    point(project, workspace, place, encryption={"key": {"env": "STATE_KEY"}})
    project.write("a.yaml", space("a"))
    f = ("-f", "manifests")
    done = [
        project.run("--debug", "plan", *f, "--out", "saved.plan"),
        project.run("--debug", "apply", "saved.plan"),
        project.run("state", "list", *f, "--output", "json"),
        project.run("state", "pull", *f),
    ]
    project.environ["STATE_KEY"] = wrong = f"key.{secrets.token_urlsafe(40)}"
    done.append(project.run("--debug", "apply", *f, "--yes", code=1))
    known = project.environ["STATE_PASSWORD"]
    project.environ["STATE_PASSWORD"] = f"not.{secrets.token_urlsafe(24)}"
    done.append(project.run("--debug", "plan", *f, code=None))
    values = [ADMIN, known, wrong, project.environ["STATE_KEY"], project.environ["STATE_PASSWORD"]]
    assert leaks(values, project.folder, done) == []
