"""A project whose pipeline lives on a session, and the person who stores it."""

import re
from collections.abc import Mapping
from typing import Any

from tests.e2e.world import space, workspace_manifest
from tests.parts.cli import Done, Project, Running
from tests.parts.device_person import CLIENT_ID, decide
from tests.parts.sandbox_process import SandboxProcess
from tests.parts.vault_fake import VaultFake
from tests.signin.world import WORKSPACE

IN_VAULT = {"vault": "secret/ci/dust#session"}
BESIDE = {"beside": "state", "key": {"env": "RECONCILER_SESSION_KEY"}}
KEY = "a key of the tests, of more than thirty-two bytes"


def declare(
    project: Project, url: str, session: Mapping[str, Any], *spaces: str, **spec: Any
) -> None:
    """A workspace with a session, and spaces."""
    manifest = workspace_manifest(WORKSPACE, url, credentials={"session": dict(session)}, **spec)
    project.write("workspace.yaml", manifest)
    for name in spaces:
        project.write(f"{name}.yaml", space(name))
    project.environ["RECONCILER_SESSION_KEY"] = KEY


def begin_store(project: Project, *more: str) -> tuple[Running, str]:
    """A `login --store` that waits, and the code that it shows."""
    login = ("login", "--store", "-f", "manifests", "--client-id", CLIENT_ID, "--no-browser")
    running, seen = project.start(*more, *login), ""
    while (found := re.search(r"user_code=([A-Z-]+)\s", seen)) is None:
        line = running.err_line()
        assert line, f"no code was shown:\n{seen}"
        seen += line
    return running, found[1]


def store(
    project: Project,
    sandbox: SandboxProcess,
    *more: str,
    email: str = "ana@acme.example",
    code: int = 0,
) -> Done:
    """A whole `login --store`."""
    running, shown = begin_store(project, *more)
    with running:
        decide(sandbox.url, shown, email=email)
        done = running.end()
    assert done.code == code, str(done)
    return done


def kept(vault: VaultFake) -> str:
    """What is kept in Vault now."""
    data = vault.mounts["secret"].secrets["ci/dust"][-1].data
    assert data is not None
    text: str = data["session"]
    return text
