"""Secrets from stores that one signs in to, as the command line meets them."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.world import Servers, Workspace, project_for, server
from tests.parts.cli import Done, Project, texts_under
from tests.parts.vault_auth_fake import AppRole
from tests.parts.vault_fake import VaultFake


@pytest.fixture
def vault() -> Iterator[VaultFake]:
    """A Vault that one signs in to by AppRole."""
    with VaultFake() as fake:
        fake.auth.approle["approle"] = [AppRole(role_id="role", secret_ids={"canary-id": 0})]
        fake.put("secret/mcp/gateway", {"key": "canary-of-vault"})
        yield fake


@pytest.fixture
def project(
    workspace: Workspace,
    servers: Servers,
    vault: VaultFake,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Project:
    """A server with a header from Vault and one from 1Password."""
    # Not below the folder that commands run in, where no program is looked for.
    op = tmp_path_factory.mktemp("tools") / "bin" / "op"
    op.parent.mkdir()
    op.write_text(f"#!{sys.executable} -IS\nprint('canary-of-op', end='')\n", "utf-8")
    op.chmod(0o755)
    made = project_for(workspace, Project(folder=tmp_path))
    made.environ.update(
        PATH=str(op.parent), VAULT_ADDR=vault.url, VAULT_ROLE_ID="role", VAULT_SECRET_ID="canary-id"
    )
    headers = {
        "X-Vault": {"vault": "secret/mcp/gateway#key"},
        "X-Op": {"op": "op://Platform/Gateway/key"},
    }
    made.write("a.yaml", server("a", servers.open.url, displayName="A", headers=headers))
    return made


def nothing_shows(project: Project, done: Done) -> None:
    """Neither what was printed nor a file beside the manifests holds a secret."""
    assert "canary" not in done.out + done.err
    written = {path.name for path, text in texts_under(project.folder) if b"canary" in text}
    assert written == set()


def test_secrets_of_stores_are_applied_and_a_rotated_one_is_seen(
    project: Project, vault: VaultFake
) -> None:
    nothing_shows(project, project.apply())
    project.settled()
    vault.put("secret/mcp/gateway", {"key": "canary-rotated"})
    planned = project.plan("--detailed-exitcode", "--out", "it.plan", code=2)
    assert "rotated" in planned.out
    nothing_shows(project, planned)


def test_every_run_gives_the_token_of_vault_back_that_it_got(
    project: Project, vault: VaultFake
) -> None:
    project.apply()
    project.plan()
    assert [lease.revoked for lease in vault.auth.leases.values()] == [True, True]


def test_a_run_that_fails_gives_the_token_back_too(project: Project, vault: VaultFake) -> None:
    vault.mounts["secret"].secrets.clear()
    nothing_shows(project, project.apply(code=1))
    assert [lease.revoked for lease in vault.auth.leases.values()] == [True]


def test_what_can_t_be_had_is_told_all_at_once_each_with_its_line(
    project: Project, servers: Servers, vault: VaultFake
) -> None:
    project.environ["VAULT_SECRET_ID"] = "canary-of-another"
    headers = {
        "X-Vault": {"vault": "secret/mcp/gateway#key"},
        "X-Plugin": {"plugin": "keeper:gateway"},
        "X-SOPS": {"sops": "absent.yaml#key"},
    }
    project.write("a.yaml", server("a", servers.open.url, displayName="A", headers=headers))
    done = project.apply(code=1)
    for said in (
        "refused the AppRole login at `auth/approle`",
        "no plugin for `keeper` is installed",
        "the program `sops` is not installed",
    ):
        assert said in done.err
    assert done.err.count("--> ") == 3
    nothing_shows(project, done)
