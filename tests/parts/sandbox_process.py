"""A sandbox in a process of its own, and a client to talk to it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Any, Self

import httpx2


class SandboxProcess:
    """`python -m reconciler.sandbox` on a free port, as a context manager.

    After entering, `url`, `workspace_id` and `tokens` say where it is.

    Args:
        seed: the seed document; None takes the built-in workspace.
        data: the data file, to outlive the process.
        flags: more command line flags, such as `--strict-urls`.
    """

    url: str
    workspace_id: str
    tokens: dict[str, str]

    def __init__(
        self,
        *,
        seed: Mapping[str, Any] | None = None,
        data: Path | None = None,
        flags: tuple[str, ...] = (),
    ) -> None:
        self._seed = seed
        self._data = data
        self._flags = flags
        self._folder = TemporaryDirectory(prefix="sandbox-")
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "reconciler.sandbox", "--json", *self._flags]
        if self._seed is not None:
            seed = Path(self._folder.name) / "seed.json"
            seed.write_text(json.dumps(self._seed), encoding="utf-8")
            command += ["--seed", str(seed)]
        if self._data is not None:
            command += ["--data", str(self._data)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            _, talk = self._process.communicate()
            self._folder.cleanup()
            raise RuntimeError(f"the sandbox did not start: {talk}")
        facts = json.loads(line)
        self.url = facts["url"]
        self.workspace_id = facts["workspaceId"]
        self.tokens = facts["tokens"]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> tuple[int, str]:
        """Ask it to stop; its exit code and what it said on stderr."""
        process = self._process
        if process is None:
            return 0, ""
        self._process = None
        process.terminate()
        try:
            _, talk = process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            _, talk = process.communicate()
        self._folder.cleanup()
        return process.returncode, talk

    def client(self, role: str = "admin") -> "Api":
        """A client for the private API of the first workspace, in a role."""
        return self.client_for(self.tokens[role])

    def client_for(
        self, token: str | None, workspace_id: str | None = None, *, family: str = "api"
    ) -> "Api":
        """A client with any token, for any workspace; family is `api` or `api/v1`."""
        base = f"{self.url}/{family}/w/{workspace_id or self.workspace_id}"
        return Api(base, token)


class Api(httpx2.Client):
    """An HTTP client of one workspace; paths are relative to it."""

    def __init__(self, base: str, token: str | None) -> None:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        super().__init__(base_url=base, headers=headers, timeout=60, trust_env=False)

    def read(self, path: str, **query: Any) -> Any:
        """GET that must work; its body."""
        return _good(self.get(path, params=query))

    def write(self, method: str, path: str, body: Any = None) -> Any:
        """A write that must work; its body."""
        return _good(self.request(method, path, json=body))


def _good(response: httpx2.Response) -> Any:
    assert response.is_success, f"{response.request.url}: {response.status_code} {response.text}"
    return response.json()
