"""Access tokens that end: renewed in time, by one at a time, in the middle of an apply."""

from collections.abc import Iterator

import pytest

from tests.e2e.gatekeeper import Asked, Gatekeeper, Told
from tests.e2e.world import space, workspace_manifest
from tests.parts.cli import Project
from tests.parts.device_person import decide, expire_all, refresh, tokens_for
from tests.parts.sandbox_process import SandboxProcess
from tests.signin.world import (
    SEED,
    describe,
    home,
    kept_tokens,
    leaks,
    log_in,
    session_files,
    start_login,
)

_APPLY = ("--debug", "apply", "-f", "manifests", "--yes", "--parallelism", "1")
_SPACES = ("a", "b", "c")
_CREATE = r"POST .*/spaces$"


@pytest.fixture
def gate(sandbox: SandboxProcess) -> Iterator[Gatekeeper]:
    """A door to the sandbox."""
    with Gatekeeper(sandbox.url) as door:
        yield door


def spaces(sandbox: SandboxProcess) -> set[str]:
    """The regular spaces of the workspace."""
    with sandbox.client() as api:
        listed = api.read("/spaces", role="admin")["spaces"]
    return {each["name"] for each in listed if each["kind"] == "regular"}


@pytest.fixture
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox of the test's own: some end the tokens of everybody."""
    with SandboxProcess(seed=SEED, flags=("--login-interval", "0")) as process:
        yield process


def renewals(gate: Gatekeeper) -> int:
    """How often a refresh token was sent."""
    return sum(b"refresh_token=" in each.body for each in gate.log)


def logged_in_at(gate: Gatekeeper, project: Project) -> None:
    """Sign in through the door, so that it sees the renewals, too."""
    running, code = start_login(project, gate.url)
    with running:
        decide(gate.url, code)
        assert running.end().code == 0


def test_an_apply_outlives_its_access_token(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    logged_in_at(gate, project)
    before = kept_tokens(project)
    describe(project, gate.url, *_SPACES)
    hold = gate.hold(_CREATE)
    with project.start(*_APPLY) as running:
        hold.wait()
        expire_all(sandbox.url)
        hold.release()
        done = running.end()
    assert done.code == 0, str(done)
    assert spaces(sandbox) == set(_SPACES)
    assert renewals(gate) == 1
    after = kept_tokens(project)
    assert after.refresh != before.refresh
    values = [before.access, before.refresh, after.access, after.refresh]
    assert leaks(values, project, [done]) == []


def test_calls_in_parallel_renew_once(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    logged_in_at(gate, project)
    describe(project, gate.url, *"abcdefgh")
    hold = gate.hold(r"GET .*/spaces")
    with project.start("apply", "-f", "manifests", "--yes", "--parallelism", "8") as running:
        hold.wait()
        expire_all(sandbox.url)
        hold.release()
        assert running.end().code == 0
    assert renewals(gate) == 1


def test_short_lived_tokens_are_renewed_before_they_end(project: Project) -> None:
    flags = ("--login-interval", "0", "--token-seconds", "2")
    with SandboxProcess(flags=flags) as sandbox, Gatekeeper(sandbox.url) as gate:
        logged_in_at(gate, project)
        describe(project, gate.url, *_SPACES, workspace=sandbox.workspace_id)
        project.apply()
        project.settled()


def test_two_processes_that_renew_at_once_keep_the_sign_in(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    logged_in_at(gate, project)
    describe(project, gate.url)
    expire_all(sandbox.url)
    hold = gate.hold("POST /user_management/authenticate", "after")
    plan = ("plan", "-f", "manifests")
    with project.start(*plan) as first:
        hold.wait()  # the old refresh token is used up, the new one not yet stored
        with project.start("--debug", *plan) as second:
            second.wait_for("reading workspace")
            second.wait_for("/api/v1/me → 401")
            hold.release()
            assert first.end().code == 0
            assert second.end().code == 0
    assert renewals(gate) == 1
    expire_all(sandbox.url)
    project.plan()  # the refresh token that is stored still counts
    assert renewals(gate) == 2


def test_a_sign_in_that_ends_in_the_middle_stops_the_run_with_one_message(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    logged_in_at(gate, project)
    describe(project, gate.url, *_SPACES)
    hold = gate.hold(r"POST .*/spaces$")
    with project.start(*_APPLY, "--output", "json") as running:
        hold.wait()
        stolen = kept_tokens(project)
        refresh(sandbox.url, stolen.refresh)
        expire_all(sandbox.url)
        hold.release()
        done = running.end()
    assert done.code == 1, str(done)
    report = done.json
    assert "the sign-in has ended" in report["stopped"]["message"]
    assert report["summary"]["skipped"] == 3
    assert report["summary"]["failed"] == 0
    assert gate.calls(writes_only=True).count("POST /api/w/acme/spaces") == 1
    assert spaces(sandbox) == set()


def test_a_token_of_ci_that_ends_in_the_middle_says_what_was_done_and_how_to_go_on(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    token = tokens_for(sandbox.url).access
    project.environ["DUST_ACCESS_TOKEN"] = token
    project.write("workspace.yaml", workspace_manifest("acme", gate.url))
    for name in _SPACES:
        project.write(f"{name}.yaml", space(name))
    seen: list[str] = []

    def end_after_the_first(asked: Asked) -> Told | None:
        seen.append(asked.path)
        if len(seen) == 2:
            expire_all(sandbox.url)
        return None

    gate.answer(_CREATE, end_after_the_first)
    done = project.run(*_APPLY, code=3)
    assert "stopped the access token has expired" in done.out
    assert "1 change applied; 2 changes not tried" in done.out
    assert "`credentials.accessToken` refers to one, store a new access token there" in done.out
    assert "it goes on where this run stopped" in done.out
    assert done.out.count("has expired") == 1
    assert len(seen) == 2
    assert leaks([token], project, [done]) == []
    project.environ["DUST_ACCESS_TOKEN"] = tokens_for(sandbox.url).access
    project.apply()
    assert spaces(sandbox) == set(_SPACES)


def test_a_token_from_stdin_that_ends_asks_for_a_new_sign_in(
    project: Project, sandbox: SandboxProcess
) -> None:
    token = tokens_for(sandbox.url).access
    project.run("login", "--token-stdin", "--url", sandbox.url, stdin=token)
    expire_all(sandbox.url)
    describe(project, sandbox.url)
    done = project.plan(code=1)
    assert "stored without anything to renew it with" in done.err
    assert "sign in again: `reconciler login`" in done.err


def test_a_provider_that_is_down_is_named_and_the_sign_in_stays(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    logged_in_at(gate, project)
    before = session_files(project)[0].read_text()
    expire_all(sandbox.url)
    describe(project, gate.url)
    gate.answer("POST /user_management", lambda _asked: Told(status=503, body=b"down"))
    done = project.plan(code=1)
    assert "can't be renewed now" in done.err
    assert session_files(project)[0].read_text() == before
    gate.open()
    project.plan()


def test_a_renewal_that_can_not_be_stored_is_said_and_the_run_goes_on(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    logged_in_at(gate, project)
    describe(project, gate.url, "a")
    expire_all(sandbox.url)
    (path,) = session_files(project)
    hold = gate.hold("POST /user_management/authenticate", "after")
    with project.start(*_APPLY) as running:
        hold.wait()
        path.unlink()
        path.mkdir()  # nothing can replace it
        hold.release()
        done = running.end()
    assert done.code == 0, str(done)
    assert "the renewed sign-in can't be kept" in done.err
    assert spaces(sandbox) == {"a"}


def test_signing_out_while_a_run_waits_ends_its_renewals(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    logged_in_at(gate, project)
    describe(project, gate.url, *_SPACES)
    hold = gate.hold(_CREATE)
    with project.start(*_APPLY) as running:
        hold.wait()
        project.run("logout")
        expire_all(sandbox.url)
        hold.release()
        done = running.end()
    assert done.code == 1, str(done)
    assert "has signed out" in done.out
    assert renewals(gate) == 0


def test_planning_sends_nothing_but_reads_to_the_workspace(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    logged_in_at(gate, project)
    expire_all(sandbox.url)
    describe(project, gate.url, "a")
    project.plan()
    assert renewals(gate) == 1
    assert not [call for call in gate.calls(writes_only=True) if "/api/" in call]


def test_the_refresh_token_goes_to_the_provider_alone(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper
) -> None:
    # The API is behind the door, the identity provider is not.
    log_in(project, sandbox, "--url", gate.url, "--domain", sandbox.url)
    expire_all(sandbox.url)
    describe(project, gate.url)
    project.plan()
    refresh_token = kept_tokens(project).refresh
    assert not any(refresh_token.encode() in each.body for each in gate.log)
    assert not any("user_management" in each.path for each in gate.log)
    assert home(project.folder / "other").run("whoami", code=1).out == ""
