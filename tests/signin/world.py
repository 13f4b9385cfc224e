"""What the tests of signing in share: a home of its own, and a person who presses the buttons."""

import re
from pathlib import Path
from typing import Any

from tests.e2e.world import space, workspace_manifest
from tests.parts.cli import Done, Project, Running, texts_under
from tests.parts.device_person import CLIENT_ID, DeviceTokens, decide
from tests.parts.sandbox_process import SandboxProcess

WORKSPACE = "acme"
SEED: dict[str, Any] = {
    "workspaces": [
        {
            "sId": WORKSPACE,
            "name": "Acme",
            "members": [
                {"email": "ana@acme.example", "name": "Ana Diaz", "role": "admin"},
                {"email": "ben@acme.example", "name": "Ben Okafor", "role": "builder"},
            ],
        },
        {
            "sId": "globex",
            "name": "Globex",
            "region": "europe-west1",
            "members": [
                {"email": "olga@globex.example", "name": "Olga", "role": "admin"},
                {"email": "ana@acme.example", "role": "user"},
            ],
        },
    ]
}


def home(folder: Path) -> Project:
    """A project of somebody whose state folder is in it, and who has no keyring."""
    folder.mkdir(parents=True, exist_ok=True)
    environ = {
        "XDG_STATE_HOME": str(folder / "state"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    }
    return Project(folder=folder, environ=environ)


def describe(project: Project, url: str, *names: str, workspace: str = WORKSPACE) -> None:
    """A workspace without a token in its manifest, and spaces."""
    manifest = workspace_manifest(workspace, url)
    del manifest["spec"]["credentials"]
    project.write("workspace.yaml", manifest)
    for name in names:
        project.write(f"{name}.yaml", space(name))


def start_login(project: Project, url: str, *more: str) -> tuple[Running, str]:
    """A login that waits, and the code that it shows."""
    running = project.start("login", "--url", url, "--client-id", CLIENT_ID, "--no-browser", *more)
    seen = ""
    while (found := re.search(r"user_code=([A-Z-]+)\s", seen)) is None:
        line = running.err_line()
        assert line, f"no code was shown:\n{seen}"
        seen += line
    return running, found[1]


def log_in(
    project: Project, sandbox: SandboxProcess, *more: str, email: str = "ana@acme.example"
) -> Done:
    """A whole login through the command line."""
    running, code = start_login(project, sandbox.url, *more)
    with running:
        decide(sandbox.url, code, email=email)
        done = running.end()
    assert done.code == 0, str(done)
    return done


def session_files(project: Project) -> list[Path]:
    """The files of the sign-ins."""
    return sorted((project.folder / "state" / "reconciler" / "sessions").glob("*.json"))


def kept_tokens(project: Project) -> DeviceTokens:
    """What the only sign-in's file holds."""
    (path,) = session_files(project)
    text = path.read_text()
    access, refresh = (re.search(rf'"{name}": "([^"]+)"', text) for name in ("access", "refresh"))
    assert access is not None
    assert refresh is not None
    return DeviceTokens(access=access[1], refresh=refresh[1])


def leaks(values: list[str], project: Project, done: list[Done]) -> list[str]:
    """Where any value shows, the files of the sign-ins aside: in another file, or an output."""
    places = [(str(d.arguments), (d.out + d.err).encode()) for d in done]
    places += [
        (str(path), text)
        for path, text in texts_under(project.folder)
        if path not in session_files(project)
    ]
    # An access token's parts count by themselves; its head is the same for all.
    parts = {part for value in values for part in value.split(".")[-2:] if len(part) > 8}
    return [name for name, text in places if any(part.encode() in text for part in parts)]
