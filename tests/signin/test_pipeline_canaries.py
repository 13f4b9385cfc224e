"""The tokens of a pipeline's session show nowhere but in Vault, and encrypted beside the state."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.gatekeeper import Gatekeeper
from tests.parts.device_person import expire_all
from tests.parts.sandbox_process import SandboxProcess
from tests.parts.vault_fake import VaultFake
from tests.signin.pipelines import BESIDE, IN_VAULT, KEY, declare, kept, store
from tests.signin.test_login_canaries import Wire
from tests.signin.world import home, leaks


@pytest.fixture
def wire(sandbox: SandboxProcess) -> Iterator[Wire]:
    """A door that listens."""
    with Gatekeeper(sandbox.url) as door:
        yield Wire(door)


@pytest.mark.parametrize("session", [IN_VAULT, BESIDE], ids=["vault", "beside"])
def test_from_login_to_logout_of_a_pipeline_nothing_shows(
    sandbox: SandboxProcess, wire: Wire, tmp_path: Path, session: Mapping[str, Any]
) -> None:
    project = home(tmp_path / "runner")
    with VaultFake() as vault:
        project.environ.update(vault.environ)
        declare(project, wire.door.url, session, f"canaries-{len(session)}")
        files = ("-f", "manifests")
        done = [store(project, sandbox, "--debug")]
        done.append(project.run("--debug", "whoami", *files, "--output", "json"))
        expire_all(sandbox.url)
        done.append(project.run("--debug", "plan", *files, "--out", "saved.plan"))
        expire_all(sandbox.url)
        done.append(project.run("--debug", "apply", "saved.plan", "--output", "json"))
        expire_all(sandbox.url)
        done.append(project.run("--debug", "drift", *files))
        assert leaks(wire.canaries, project, done) == []
        asked = " ".join(each.path for each in vault.requests)
        assert not [value for value in wire.canaries if value in asked]

        # Whatever goes wrong: a session that was ended by others, and a place that is closed.
        for refresh in list(wire.seen["refresh_token"]):
            wire.spend(refresh)
        expire_all(sandbox.url)
        done.append(project.run("--debug", "plan", *files, code=1))
        vault.sealed = True
        project.environ["RECONCILER_SESSION_KEY"] = KEY[::-1]
        done.append(project.run("--debug", "plan", *files, "--output", "json", code=1))
        vault.sealed = False
        project.environ["RECONCILER_SESSION_KEY"] = KEY
        done.append(store(project, sandbox, "--debug"))
        if session is IN_VAULT:
            assert sum(value in kept(vault) for value in wire.canaries) == 2, "found there"
        done.append(project.run("--debug", "logout", "--store", *files))
    assert len(wire.seen["access_token"]) >= 5
    assert wire.bearers() <= wire.seen["access_token"]
    assert leaks([*wire.canaries, KEY], project, done) == []
