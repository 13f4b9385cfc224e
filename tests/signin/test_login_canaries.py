"""What opens a door, as it really went over the wire, shows nowhere but where sign-ins are kept."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from tests.e2e.gatekeeper import Asked, Gatekeeper, Told
from tests.parts.cli import Done, Project
from tests.parts.device_person import CLIENT_ID, decide, expire_all, refresh, tokens_for
from tests.parts.sandbox_process import SandboxProcess
from tests.signin.world import describe, leaks, session_files

_PROVIDER = r"POST /user_management/"


class Wire:
    """A door to the sandbox, and the secrets that passed through it, by their names."""

    def __init__(self, door: Gatekeeper) -> None:
        self.door = door
        self.seen: dict[str, set[str]] = {}
        door.answer(_PROVIDER, self._listen)

    @property
    def canaries(self) -> list[str]:
        """All of them."""
        return sorted({value for values in self.seen.values() for value in values})

    def bearers(self) -> set[str]:
        """The access tokens that came with calls."""
        sent = (asked.headers.get("authorization", "") for asked in self.door.log)
        return {text.removeprefix("Bearer ") for text in sent if text}

    def spend(self, refresh_token: str) -> None:
        """Send a refresh token in somebody else's name."""
        refresh(self.door.url, refresh_token)

    def _listen(self, asked: Asked) -> Told:
        told = self.door.forward(asked)
        form = parse_qs(asked.body.decode())
        answer: dict[str, Any] = json.loads(told.body)
        for name in ("device_code", "access_token", "refresh_token"):
            values = [*form.get(name, []), *([answer[name]] if name in answer else [])]
            self.seen.setdefault(name, set()).update(values)
        return told


@pytest.fixture
def wire(sandbox: SandboxProcess) -> Iterator[Wire]:
    """A door that listens."""
    with Gatekeeper(sandbox.url) as door:
        yield Wire(door)


def _login(project: Project, wire: Wire, *, approve: bool | None = True) -> Done:
    """A login with `--debug`; None: given up by Ctrl-C, after it was asked for a while."""
    url = wire.door.url
    login = ("login", "--url", url, "--client-id", CLIENT_ID, "--no-browser")
    with project.start("--debug", *login) as running:
        while (found := re.search(r"user_code=([A-Z-]+)\s", running.err_line())) is None:
            pass
        hold = wire.door.hold(r"POST /user_management/authenticate", "after")
        hold.wait()
        hold.release()
        if approve is None:
            running.interrupt()
        else:
            decide(url, found[1], approve=approve)
        return running.end()


def _private(path: Path) -> bool:
    return stat.S_IMODE(path.stat().st_mode) == 0o600


def test_from_login_to_logout_nothing_shows(
    project: Project, sandbox: SandboxProcess, wire: Wire
) -> None:
    done = [_login(project, wire)]
    assert done[0].code == 0, str(done[0])
    (path,) = session_files(project)
    assert _private(path)
    describe(project, wire.door.url, "team")
    whoami = ("--debug", "whoami")
    done += [project.run(*whoami), project.run(*whoami, "--output", "json")]
    expire_all(sandbox.url)
    done += [
        project.run(*whoami, "-f", "manifests"),
        project.run("--debug", "plan", "-f", "manifests", "--out", "saved.plan"),
        project.run("--debug", "apply", "saved.plan"),
    ]
    assert _private(path), "renewed in place"

    assert {name: len(values) for name, values in wire.seen.items()} == {
        "device_code": 1,
        "access_token": 2,
        "refresh_token": 2,
    }
    assert wire.bearers() == wire.seen["access_token"]
    kept = path.read_text()
    assert sum(value in kept for value in wire.canaries) == 2, "the pair that counts, found there"
    assert leaks(wire.canaries, project, done) == []

    done.append(project.run("--debug", "logout"))
    assert session_files(project) == []
    done.append(project.run(*whoami, code=1))
    assert leaks(wire.canaries, project, done) == []


@pytest.mark.parametrize("approve", [False, None])
def test_a_login_that_comes_to_nothing_keeps_its_code_to_itself(
    project: Project, wire: Wire, approve: bool | None
) -> None:
    done = _login(project, wire, approve=approve)
    assert done.code == (130 if approve is None else 1), str(done)
    assert len(wire.seen["device_code"]) == 1
    assert session_files(project) == []
    assert leaks(wire.canaries, project, [done]) == []


def test_a_provider_that_repeats_what_it_was_sent_is_not_quoted(
    project: Project, sandbox: SandboxProcess, wire: Wire
) -> None:
    assert _login(project, wire).code == 0
    before = session_files(project)[0].read_text()

    def telltale(asked: Asked) -> Told:
        body = {"error": asked.body.decode(), "error_description": asked.body.decode()}
        return Told(status=400, body=json.dumps(body).encode())

    expire_all(sandbox.url)
    with Gatekeeper(sandbox.url) as other:
        other.answer(_PROVIDER, telltale)
        # The next login is asked for at the telltale's.
        domain = ("--url", wire.door.url, "--domain", other.url, "--client-id", CLIENT_ID)
        refused = project.run("--debug", "login", *domain, "--no-browser", code=1)
    wire.door.open()
    wire.door.answer(_PROVIDER, telltale)
    done = [refused, project.run("--debug", "whoami", code=1)]
    assert any(b"refresh_token=" in each.body for each in wire.door.log), "it was sent"
    assert session_files(project)[0].read_text() == before
    assert leaks(wire.canaries, project, done) == []


def test_a_token_on_stdin_shows_nowhere(
    project: Project, sandbox: SandboxProcess, wire: Wire
) -> None:
    token = tokens_for(sandbox.url).access
    login = ("--debug", "login", "--token-stdin", "--url", wire.door.url)
    done = [project.run(*login, stdin=token), project.run("--debug", "whoami")]
    assert wire.bearers() == {token}
    (path,) = session_files(project)
    assert _private(path)
    assert token in path.read_text()
    assert leaks([token], project, done) == []
    done.append(project.run("--debug", "logout"))
    assert leaks([token], project, done) == []
