"""Secrets in files that the real `sops` encrypted, with a key of age made for the test."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyrage
import pytest

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver, Secret, SecretFailure
from tests.parts.vault_fake import VaultFake
from tests.secrets.outcomes import everything_said, failed, one, revealed

PATH = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
SOPS = shutil.which("sops", path=PATH)
pytestmark = pytest.mark.skipif(
    SOPS is None and "CI" not in os.environ, reason="sops is not installed"
)
PLAIN = """
top: canary-top
mcp:
  github:
    client_secret: canary-nested
    a.b: canary-dotted
  keys: [canary-first, canary-second]
number: 4711
blank: "  "
"""
TRAP = """
top: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]
sops:
  hc_vault:
    - vault_address: {url}
      engine_path: transit
      key_name: key
      created_at: "2026-01-01T00:00:00Z"
      enc: vault:v1:AAAA
  lastmodified: "2026-01-01T00:00:00Z"
  mac: ENC[AES256_GCM,data:AAAA,iv:AAAA,tag:AAAA,type:str]
  version: 3.11.0
"""


@dataclass(frozen=True)
class Files:
    """Encrypted files, and the environment that decrypts them."""

    folder: Path
    environ: dict[str, str]

    def encrypt(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content)
        done = subprocess.run(
            ["sops", "encrypt", "--in-place", name],
            cwd=self.folder,
            env={"PATH": PATH, "SOPS_AGE_RECIPIENTS": self.environ["RECIPIENT"]},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    identity = pyrage.x25519.Identity.generate()
    environ = {"PATH": PATH, "SOPS_AGE_KEY": str(identity), "RECIPIENT": str(identity.to_public())}
    made = Files(tmp_path_factory.mktemp("sops"), {**environ, "HOME": "/nonexistent"})
    made.encrypt("app.yaml", PLAIN)
    return made


@pytest.fixture
def read(files: Files) -> Callable[..., Secret | SecretFailure]:
    def ask(locator: str, **environ: str) -> Secret | SecretFailure:
        with Resolver(environ={**files.environ, **environ}) as resolver:
            return one(resolver, "sops", str(files.folder / locator))

    return ask


Read = Callable[..., Secret | SecretFailure]


def refusal(found: Secret | SecretFailure) -> SecretFailure:
    assert "canary" not in everything_said(failed(found))
    assert "AGE-SECRET" not in everything_said(failed(found))
    return failed(found)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("top", "canary-top"),
        ("mcp.github.client_secret", "canary-nested"),
        ("mcp.keys.1", "canary-second"),
    ],
)
def test_a_value_is_read_by_its_key(read: Read, key: str, value: str) -> None:
    assert revealed(read(f"app.yaml#{key}")) == value


@pytest.mark.parametrize(
    ("name", "content", "key"),
    [
        ("app.env", "TOKEN=canary\n", "TOKEN"),
        ("app.json", '{"a": {"b": "canary"}}', "a.b"),
        ("app.ini", "[part]\nTOKEN=canary\n", "part.TOKEN"),
        ("app.bin", "canary", "data"),
    ],
)
def test_every_format_of_sops_is_read(
    files: Files, read: Read, name: str, content: str, key: str
) -> None:
    files.encrypt(name, content)
    assert revealed(read(f"{name}#{key}")) == "canary"


def test_a_relative_path_starts_where_the_command_runs(
    files: Files, read: Read, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(files.folder)
    with Resolver(environ=files.environ) as resolver:
        assert revealed(one(resolver, "sops", "app.yaml#top")) == "canary-top"


def test_a_configuration_of_sops_in_the_current_folder_is_not_read(
    read: Read, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".sops.yaml").write_text("creation_rules: [")
    monkeypatch.chdir(tmp_path)
    assert revealed(read("app.yaml#top")) == "canary-top"


def test_a_file_is_decrypted_once_however_many_of_its_keys_are_asked_for(
    files: Files, tmp_path: Path
) -> None:
    counting = tmp_path / "sops"
    counting.write_text(f'#!/bin/sh\necho run >> {tmp_path}/runs\nexec {SOPS} "$@"\n')
    counting.chmod(0o755)
    environ = {**files.environ, "PATH": f"{tmp_path}:{PATH}"}
    wanted = [
        SecretRef("sops", f"{files.folder}/app.yaml#{key}") for key in ("top", "mcp.keys.0", "no")
    ]
    with Resolver(environ=environ) as resolver:
        resolver.resolve(wanted)
    assert (tmp_path / "runs").read_text() == "run\n"


@pytest.mark.parametrize(
    ("key", "code", "said"),
    [
        ("absent", Code.SECRET_MISSING, "has 4 keys, and none of that name"),
        ("mcp.absent.key", Code.SECRET_MISSING, "what should hold its key isn't there"),
        ("top.key", Code.SECRET_MISSING, "holds no keys"),
        ("mcp", Code.SECRET_MALFORMED, "is an object, not text"),
        ("mcp.keys", Code.SECRET_MALFORMED, "is a list, not text"),
        ("number", Code.SECRET_MALFORMED, "is a number, not text"),
        ("blank", Code.SECRET_EMPTY, "only white space"),
    ],
)
def test_a_key_that_leads_to_no_text_is_told(read: Read, key: str, code: Code, said: str) -> None:
    found = refusal(read(f"app.yaml#{key}"))
    assert (found.code, said in found.message) == (code, True)


def test_without_a_key_that_decrypts_it_is_denied(read: Read) -> None:
    found = refusal(read("app.yaml#top", SOPS_AGE_KEY=""))
    assert found.code is Code.SECRET_DENIED
    assert "gets none of the keys" in found.message


def test_with_another_key_it_is_denied(read: Read) -> None:
    other = str(pyrage.x25519.Identity.generate())
    assert refusal(read("app.yaml#top", SOPS_AGE_KEY=other)).code is Code.SECRET_DENIED


def test_an_absent_file_is_missing(read: Read) -> None:
    assert refusal(read("absent.yaml#top")).code is Code.SECRET_MISSING


def test_a_file_that_is_not_encrypted_is_malformed_and_not_quoted(files: Files, read: Read) -> None:
    (files.folder / "plain.yaml").write_text("top: canary\n")
    assert refusal(read("plain.yaml#top")).code is Code.SECRET_MALFORMED


def test_a_file_that_was_changed_by_hand_is_malformed(files: Files, read: Read) -> None:
    text = (files.folder / "app.yaml").read_text()
    changed = text.replace('lastmodified: "20', 'lastmodified: "19')
    assert changed != text
    (files.folder / "changed.yaml").write_text(changed)
    found = refusal(read("changed.yaml#top"))
    assert (found.code, "was changed" in found.message) == (Code.SECRET_MALFORMED, True)


def test_a_file_that_names_a_vault_server_gets_no_token_of_vault(
    files: Files, read: Read, tmp_path: Path
) -> None:
    (tmp_path / ".vault-token").write_text("hvs.canary-of-home")
    with VaultFake() as elsewhere:
        (files.folder / "trap.yaml").write_text(TRAP.format(url=elsewhere.url))
        found = refusal(read("trap.yaml#top", VAULT_TOKEN="hvs.canary", HOME=str(tmp_path)))
        assert found.code is Code.SECRET_DENIED
        assert {received.token for received in elsewhere.requests} == {"none-for-sops"}


@pytest.mark.parametrize("locator", ["a.yaml", "#a", "a.yaml#", "a.yaml#a..b", "a\nb#c", "a#b c"])
def test_what_is_no_place_in_a_file_is_malformed(files: Files, locator: str) -> None:
    with Resolver(environ=files.environ) as resolver:
        found = failed(one(resolver, "sops", locator))
    assert (found.code, "`path#key`" in found.message) == (Code.SECRET_MALFORMED, True)
