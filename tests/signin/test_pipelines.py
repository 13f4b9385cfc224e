"""A pipeline that lives on a session, as the command line meets it."""

import itertools
import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.providers import SignedOut
from reconciler.providers.dust.signin import KeptSignIn, Use
from reconciler.state import Owner
from tests.e2e.gatekeeper import Gatekeeper
from tests.parts.cli import Project
from tests.parts.device_person import CLIENT_ID, expire_all, refresh, tokens_for
from tests.parts.sandbox_process import SandboxProcess
from tests.parts.vault_fake import VaultFake
from tests.signin.machines import Clock, vault_keeper
from tests.signin.pipelines import BESIDE, IN_VAULT, begin_store, declare, kept, store
from tests.signin.world import SEED, WORKSPACE, home, log_in
from tests.state.places import open_place

_RENEWAL = r"POST /user_management/authenticate"
_names = itertools.count()


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """A sandbox of this module's own: its tests end the tokens of everybody."""
    with SandboxProcess(seed=SEED, flags=("--login-interval", "0")) as process:
        yield process


@pytest.fixture
def gate(sandbox: SandboxProcess) -> Iterator[Gatekeeper]:
    """A door to the sandbox, which plays the identity provider too."""
    with Gatekeeper(sandbox.url) as door:
        yield door


@pytest.fixture
def vault() -> Iterator[VaultFake]:
    with VaultFake() as fake:
        yield fake


@pytest.fixture
def project(tmp_path: Path, vault: VaultFake) -> Project:
    """A runner of a pipeline, which is signed in to Vault."""
    made = home(tmp_path / "runner")
    made.environ.update(vault.environ)
    return made


def renewals(gate: Gatekeeper) -> int:
    return sum(b"refresh_token=" in each.body for each in gate.log)


def stored_through(
    gate: Gatekeeper, project: Project, sandbox: SandboxProcess, *spaces: str
) -> None:
    declare(project, gate.url, IN_VAULT, *spaces)
    store(project, sandbox)
    gate.log.clear()


def test_stored_once_it_serves_runs_that_are_hours_apart(
    project: Project, sandbox: SandboxProcess, vault: VaultFake, tmp_path: Path
) -> None:
    declare(project, sandbox.url, IN_VAULT)
    done = store(project, sandbox)
    assert "stored the session in vault:secret/ci/dust#session" in done.err
    assert "ana@acme.example (Ana Diaz)" in done.out
    assert 'path "secret/data/ci/dust" { capabilities = ["read", "update"] }' in done.out
    for number in range(3):
        expire_all(sandbox.url)
        runner = home(tmp_path / f"runner-{number}")  # nothing stays of one but what is in Vault
        runner.environ.update(vault.environ)
        declare(runner, sandbox.url, IN_VAULT, f"hourly-{number}")
        runner.apply("--allow", "max-deletes")
        assert json.loads(kept(vault))["generation"] == number + 2


@pytest.mark.parametrize("kind", ["file", "gitlab"])
def test_beside_the_state_it_is_encrypted_and_renewed(
    project: Project, sandbox: SandboxProcess, tmp_path: Path, kind: str
) -> None:
    with open_place(kind, tmp_path) as making:
        place = making(f"p{next(_names)}")
        spec: dict[str, object] = {"path": place.path}
        if place.url:
            project.environ["STATE_PASSWORD"] = place.password or ""
            credentials = {"username": place.username, "password": {"env": "STATE_PASSWORD"}}
            spec = {"url": place.url, "credentials": credentials}
        declare(project, sandbox.url, BESIDE, f"beside-{kind}", state=spec)
        assert "the key in `env:RECONCILER_SESSION_KEY`" in store(project, sandbox).out
        text = place.shelf().beside("session").read().text or ""
        assert "reconciler.sealed/v1" in text
        assert "ana@" not in text
        project.plan()
        expire_all(sandbox.url)
        project.apply()
        renewed = place.shelf().beside("session").read().text
        assert renewed != text
        project.settled()
        assert place.shelf().beside("session").read().text == renewed

        project.environ["RECONCILER_SESSION_KEY"] = "another key, which is long enough as well"
        refused = project.plan(code=1)
        assert "the key in `env:RECONCILER_SESSION_KEY` doesn't open it" in refused.err
        assert "reconciler login --store -f manifests" in refused.err
        store(project, sandbox)
        project.plan()


def test_the_key_of_an_encrypted_state_counts_for_the_session_too(
    project: Project, sandbox: SandboxProcess
) -> None:
    state = {"path": "../state.json", "encryption": {"key": {"env": "RECONCILER_SESSION_KEY"}}}
    declare(project, sandbox.url, {"beside": "state"}, state=state)
    store(project, sandbox)
    project.plan()
    assert b"reconciler.sealed" in (project.folder / "state.json.session").read_bytes()


@pytest.mark.parametrize("number", [2, 8])
def test_processes_that_find_the_token_expired_renew_it_once(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper, number: int
) -> None:
    stored_through(gate, project, sandbox)
    expire_all(sandbox.url)
    with ExitStack() as stack:
        plan = ("plan", "-f", "manifests")
        running = [stack.enter_context(project.start(*plan)) for _ in range(number)]
        done = [each.end() for each in running]
    assert [each.code for each in done] == [0] * number, "\n".join(map(str, done))
    assert renewals(gate) == 1
    expire_all(sandbox.url)
    project.plan()


def test_a_token_that_ends_in_the_middle_of_an_apply_is_renewed_and_written_back(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper, vault: VaultFake
) -> None:
    stored_through(gate, project, sandbox, *"xyz")
    before = kept(vault)
    hold = gate.hold(r"POST .*/spaces$")
    with project.start("apply", "-f", "manifests", "--yes", "--parallelism", "1") as running:
        hold.wait()
        expire_all(sandbox.url)
        hold.release()
        assert running.end().code == 0
    assert renewals(gate) == 1
    assert json.loads(kept(vault))["tokens"] != json.loads(before)["tokens"]


def test_a_run_that_is_killed_between_renewal_and_write_is_named_by_the_next(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper, vault: VaultFake
) -> None:
    project.environ |= {"CI_JOB_URL": "https://gitlab.example/-/jobs/77"}
    stored_through(gate, project, sandbox)
    expire_all(sandbox.url)
    hold = gate.hold(_RENEWAL, "after")
    with project.start("plan", "-f", "manifests") as running:
        hold.wait()
        running.kill()
        pid = running.pid
    gate.open()
    use = Use(
        url=gate.url,
        workspace_id=WORKSPACE,
        owner=Owner(user="ci", host="next", pid=1),
        again="reconciler login --store",
        pace=Clock(ahead=timedelta(minutes=10)).pace,
    )
    session = KeptSignIn(vault_keeper(vault, IN_VAULT["vault"]), use)
    with pytest.raises(SignedOut, match="is lost since"):
        session.instead_of(session.current())
    done = project.plan(code=1)
    who = rf"\S+:{pid} \(https://gitlab.example/-/jobs/77\) began to renew it and never wrote"
    assert re.search(who, done.err), str(done)
    assert "signs in again: `reconciler login --store -f manifests`" in done.err
    store(project, sandbox)
    project.plan()


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_a_job_that_is_cancelled_during_the_renewal_loses_nothing(
    project: Project,
    sandbox: SandboxProcess,
    gate: Gatekeeper,
    vault: VaultFake,
    kind: signal.Signals,
) -> None:
    stored_through(gate, project, sandbox)
    expire_all(sandbox.url)
    hold = gate.hold(_RENEWAL, "after")
    with project.start("plan", "-f", "manifests") as running:
        hold.wait()
        os.kill(running.pid, kind)
        hold.release()
        assert running.end().code == (130 if kind is signal.SIGINT else -signal.SIGTERM)
    assert json.loads(kept(vault))["generation"] == 2
    expire_all(sandbox.url)
    project.plan()


@pytest.mark.parametrize(
    "kinds",
    [
        (signal.SIGTERM,),
        (signal.SIGTERM, signal.SIGTERM),
        (signal.SIGINT, signal.SIGTERM),
        (signal.SIGINT, signal.SIGINT),
    ],
    ids=lambda kinds: "-".join(kind.name for kind in kinds),
)
def test_whatever_ends_a_job_while_a_thread_of_it_renews_the_session_is_written(
    project: Project,
    sandbox: SandboxProcess,
    gate: Gatekeeper,
    vault: VaultFake,
    kinds: tuple[signal.Signals, ...],
) -> None:
    stored_through(gate, project, sandbox)
    reads = gate.hold(r"GET /api/w/.*/mcp(\?|$)")  # one of several at once, none of the main thread
    renewal = gate.hold(_RENEWAL, "after")
    with project.start("plan", "-f", "manifests") as running:
        reads.wait()
        expire_all(sandbox.url)
        reads.release()
        renewal.wait()
        os.kill(running.pid, kinds[0])
        running.wait_for("waiting until the session is written down, at most 20 s")
        for kind in kinds[1:]:
            os.kill(running.pid, kind)
        renewal.release()
        assert running.end().code in (130, -signal.SIGTERM)
    assert json.loads(kept(vault))["generation"] == 2
    project.plan()


def test_a_revoked_session_says_what_to_do_before_and_in_the_middle_of_an_apply(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper, vault: VaultFake
) -> None:
    stored_through(gate, project, sandbox, *"uvw")
    hold = gate.hold(r"POST .*/spaces$")
    with project.start(
        "apply", "-f", "manifests", "--yes", "--parallelism", "1", "--output", "json"
    ) as running:
        hold.wait()
        refresh(sandbox.url, json.loads(kept(vault))["tokens"]["refresh"])  # somebody else did
        expire_all(sandbox.url)
        hold.release()
        done = running.end()
    assert done.code == 1, str(done)
    stopped = done.json["stopped"]
    assert "doesn't renew it any more" in stopped["message"]
    assert done.json["summary"]["skipped"] == 3
    for said in (done.out, project.plan(code=1).err):
        assert "ana@acme.example, or another administrator of the workspace, signs in" in said
        assert "reconciler login --store -f manifests" in said


def test_a_sealed_vault_and_a_policy_that_lacks_something_are_told(
    project: Project, sandbox: SandboxProcess, vault: VaultFake
) -> None:
    declare(project, sandbox.url, IN_VAULT)
    store(project, sandbox)
    vault.sealed = True
    assert "is sealed or in maintenance" in project.plan(code=1).err
    vault.sealed = False
    vault.policies["t.reader"] = ("*",)
    vault.mounts["secret"].read_only = {"t.reader"}
    project.environ["VAULT_TOKEN"] = "t.reader"
    project.plan()  # it needn't be renewed
    before = kept(vault)
    expire_all(sandbox.url)
    done = project.plan(code=1)
    assert "the session in `vault:secret/ci/dust#session` can't be written" in done.err
    assert "must grant `create` and `update` on `secret/data/ci/dust`" in done.err
    assert kept(vault) == before


def test_only_an_administrator_s_session_is_stored(
    project: Project, sandbox: SandboxProcess, vault: VaultFake
) -> None:
    declare(project, sandbox.url, IN_VAULT)
    done = store(project, sandbox, email="ben@acme.example", code=1)
    assert "ben@acme.example has the role `builder` in the workspace acme" in done.err
    done = store(project, sandbox, email="olga@globex.example", code=1)
    assert "olga@globex.example isn't in the workspace acme" in done.err
    assert "ci/dust" not in vault.mounts["secret"].secrets


def test_what_is_wrong_with_the_place_is_told_before_anybody_signs_in(
    project: Project, sandbox: SandboxProcess, gate: Gatekeeper, vault: VaultFake
) -> None:
    vault.put("secret/ci/dust", {"session": "something else"})
    declare(project, gate.url, IN_VAULT)
    done = project.run("login", "--store", "-f", "manifests", "--client-id", CLIENT_ID, code=1)
    assert "what is in `vault:secret/ci/dust#session` is no session" in done.err
    assert gate.log == []


def test_an_access_token_alone_is_not_stored_for_a_pipeline_and_both_tokens_are(
    project: Project, sandbox: SandboxProcess
) -> None:
    declare(project, sandbox.url, IN_VAULT)
    tokens = tokens_for(sandbox.url)
    login = ("login", "--store", "-f", "manifests", "--client-id", CLIENT_ID, "--token-stdin")
    refused = project.run(*login, stdin=tokens.access, code=64)
    assert "an access token alone can't be renewed" in refused.err
    both = json.dumps({"access_token": tokens.access, "refresh_token": tokens.refresh})
    project.run(*login, stdin=both)
    expire_all(sandbox.url)
    project.plan()


def test_logout_ends_the_session_of_the_pipeline_and_no_other(
    project: Project, sandbox: SandboxProcess, vault: VaultFake
) -> None:
    log_in(project, sandbox)
    declare(project, sandbox.url, IN_VAULT)
    store(project, sandbox)
    done = project.run("logout", "--store", "-f", "manifests", "--output", "json")
    assert done.json["removed"] == [{"url": sandbox.url, "email": "ana@acme.example"}]
    assert json.loads(kept(vault))["tokens"] is None
    assert re.search(r"was signed out at 20\d\d-", project.plan(code=1).err)
    assert "nobody was signed in" in project.run("logout", "--store", "-f", "manifests").err
    assert project.run("whoami").code == 0, "the person's own sign-in is untouched"


def test_whoami_tells_whose_session_it_is_and_where_it_is_kept(
    project: Project, sandbox: SandboxProcess
) -> None:
    declare(project, sandbox.url, IN_VAULT)
    store(project, sandbox)
    done = project.run("whoami", "-f", "manifests", "--output", "json")
    (identity,) = done.json["identities"]
    assert identity["email"] == "ana@acme.example"
    assert identity["source"] == "vault:secret/ci/dust#session"
    assert identity["renewed"] is True
    assert "acme" in [each["id"] for each in identity["workspaces"]]


def test_doctor_tells_of_the_session_what_is_kept_and_of_the_token_why_it_can_t_be_used(
    project: Project, sandbox: SandboxProcess, vault: VaultFake
) -> None:
    declare(project, sandbox.url, IN_VAULT)
    store(project, sandbox)
    expire_all(sandbox.url)
    project.plan()
    done = project.run("doctor", "-f", "manifests", code=None)
    told = r"session of ana@acme.example in vault:\S+, stored 20\S+, renewed 1 time"
    assert re.search(told, _flat(done.out)), str(done)
    assert "accepted: ana@acme.example, renewed by itself" in _flat(done.out)
    vault.sealed = True
    done = project.run("doctor", "-f", "manifests", code=1)
    assert "is sealed or in maintenance" in _flat(done.out)
    assert "stored 20" not in done.out


def test_a_second_login_knows_the_client_and_says_whose_session_it_replaces(
    project: Project, sandbox: SandboxProcess
) -> None:
    declare(project, sandbox.url, IN_VAULT)
    store(project, sandbox)
    with project.start("login", "--store", "-f", "manifests", "--no-browser") as running:
        running.wait_for("this replaces the session of ana@acme.example in vault:secret/ci/dust")
        running.wait_for("user_code=")
        running.interrupt()
        assert running.end().code == 130
    project.plan()


def test_a_login_that_is_given_up_stores_nothing(project: Project, sandbox: SandboxProcess) -> None:
    declare(project, sandbox.url, BESIDE)
    running, _code = begin_store(project)
    with running:
        running.interrupt()
        assert running.end().code == 130
    assert not (project.folder / "state.json.session").exists()


def test_a_workspace_without_a_session_says_how_to_have_one(
    project: Project, sandbox: SandboxProcess
) -> None:
    manifest = project.folder / "manifests" / "workspace.yaml"
    declare(project, sandbox.url, IN_VAULT)
    manifest.write_text(manifest.read_text().replace("session:", "accessToken:"))
    done = project.run("login", "--store", "-f", "manifests", code=64)
    assert "the workspace keeps no session" in done.err
    assert 'credentials: {session: {vault: "secret/ci/dust#session"}}' in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("login", "--store", "--url", "https://dust.example"),
        ("login", "-f", "manifests"),
        ("logout", "--workspace", "acme"),
        ("logout", "--store", "--email", "ana@acme.example"),
    ],
)
def test_options_that_do_not_go_together_are_refused(
    project: Project, arguments: tuple[str, ...]
) -> None:
    assert "--store" in project.run(*arguments, code=64).err


def test_unlock_frees_a_session_whose_writer_died(
    project: Project, sandbox: SandboxProcess, tmp_path: Path
) -> None:
    with open_place("gitlab", tmp_path) as making:
        place = making(f"p{next(_names)}")
        project.environ["STATE_PASSWORD"] = place.password or ""
        credentials = {"username": place.username, "password": {"env": "STATE_PASSWORD"}}
        declare(project, sandbox.url, BESIDE, state={"url": place.url, "credentials": credentials})
        holding = place.shelf().beside("session").hold(Owner(user="ci", host="gone", pid=7))
        holding.__enter__()
        done = project.run("unlock", "ci@gone:7", "-f", "manifests")
        assert "ci@gone:7" in done.out
        store(project, sandbox)


def _flat(text: str) -> str:
    """A text whose lines may be wrapped."""
    return re.sub(r"\s+", " ", text)
