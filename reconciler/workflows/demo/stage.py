"""The demo's stage: processes on loopback and a folder, all gone when the curtain falls."""

import json
import os
import secrets
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.request import ProxyHandler, Request, build_opener

from reconciler.programs import ourselves, python
from reconciler.workflows.demo import browser
from reconciler.workflows.demo.manifests import write_manifests

ENVIRONMENT = "demo.env"
_PATIENCE = 20.0  # seconds that a process may take to stop by itself


class Stage:
    """A sandbox, five MCP servers, and a folder of manifests that describe them.

    `folder` is where the manifests are (None: a temporary one); `port` where the sandbox listens
    (0: any free port).
    """

    def __init__(self, folder: Path | None = None, port: int = 0) -> None:
        self._wanted = folder
        self._port = port
        self._stack = ExitStack()
        self.folder = Path()
        self.url = ""
        self.workspace_id = ""
        self.environ: dict[str, str] = {}
        self._token = ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            if self._wanted is None:
                self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="demo-")))
            else:
                self.folder = self._wanted
                self.folder.mkdir(parents=True, exist_ok=True)
            keys = {
                name: secrets.token_urlsafe(24)
                for name in ("DESK_TOKEN", "WAREHOUSE_KEY", "BILLING_CLIENT_SECRET")
            }
            data = self.folder.absolute() / ".sandbox.sqlite"
            flags = ["--json", "--port", str(self._port), "--data", str(data)]
            facts = self._start(stack, ["-m", "reconciler", "sandbox", "serve", *flags], {})
            # An app knows where its sign-ins come back to.
            callback = {"BILLING_CALLBACK": f"{facts['url']}/oauth/mcp_static/finalize"}
            servers = self._start(
                stack, ["-m", "reconciler.sandbox.tool_servers"], {**keys, **callback}
            )
            self.url, self.workspace_id = facts["url"], facts["workspaceId"]
            self._token = facts["tokens"]["admin"]
            self.environ = {**keys, "DUST_ACCESS_TOKEN": self._token}
            write_manifests(
                self.folder, url=self.url, workspace_id=self.workspace_id, servers=servers
            )
            if self._wanted is not None:
                self._write_environment()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def call(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """What an administrator does by hand in the workspace's pages."""
        request = Request(
            f"{self.url}/api/w/{self.workspace_id}{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={
                "Authorization": f"Bearer {self._token}",
                "Content-Type": "application/json",
            },
        )
        opener = build_opener(ProxyHandler({}))  # loopback is never behind a proxy
        with opener.open(request, timeout=_PATIENCE) as answer:
            return json.load(answer)

    @contextmanager
    def person(self) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Somebody at the keyboard whose browser presses Allow and pastes where it landed.

        What they type into, as a file descriptor, and the environment that names the browser.
        """
        if sys.platform == "win32":
            raise AssertionError("the command refuses to run there")
        with tempfile.TemporaryDirectory(prefix="demo-keyboard-") as folder:
            keyboard = Path(folder) / "keyboard"
            os.mkfifo(keyboard, 0o600)
            # Open for both ends, so that it never comes to an end, like a terminal.
            typed = os.open(keyboard, os.O_RDWR)
            command = shlex.join(python(browser.__file__))
            try:
                yield typed, {"BROWSER": f"{command} %s", browser.KEYBOARD: str(keyboard)}
            finally:
                os.close(typed)

    def _write_environment(self) -> None:
        """The demo's own secrets, for whoever goes on by hand; they open nothing but the stage."""
        path = self.folder / ENVIRONMENT
        path.touch(mode=0o600)
        lines = [f"export {name}={value}\n" for name, value in sorted(self.environ.items())]
        path.write_text("".join(lines), encoding="utf-8")

    def _start(self, stack: ExitStack, command: list[str], extra: Mapping[str, str]) -> Any:
        process = subprocess.Popen(
            ourselves(*command),
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **extra},
            text=True,
            # Ctrl-C at the terminal reaches the demo alone; it stops the others in order.
            start_new_session=True,
        )
        stack.callback(_stop, process)
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"`python {' '.join(command)}` did not start")
        return json.loads(line)


def _stop(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        _close(stream)
    process.terminate()
    try:
        process.wait(timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _close(stream: IO[str] | None) -> None:
    if stream is not None:
        stream.close()
