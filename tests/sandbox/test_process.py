"""The sandbox as a program: greeting, signals, seeds, data files."""

import base64
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.parts.device_person import ask, tokens_for
from tests.parts.mcp_servers import McpServer
from tests.parts.sandbox_process import SandboxProcess
from tests.sandbox.world import ADMIN, SEED, make_server, make_space, system_view

COMMAND = [sys.executable, "-m", "reconciler.sandbox"]


def test_the_built_in_workspace_has_people_groups_and_tools_to_leave_alone() -> None:
    with SandboxProcess() as process, process.client() as api:
        assert set(process.tokens) == {"admin", "builder", "user"}
        assert not any(token.startswith("sk-") for token in process.tokens.values())
        emails = {each["email"] for each in api.read("/members", limit=150)["members"]}
        assert {"ana@acme.example", "ben@acme.example", "uma@acme.example"} < emails
        groups = api.read("/groups", kind="provisioned")["groups"]
        assert {each["name"] for each in groups} == {"Finance team", "Platform team"}
        kinds = {each["kind"] for each in api.read("/spaces", role="admin")["spaces"]}
        assert kinds == {"global", "system"}
        servers = api.read("/mcp")["servers"]
        assert {each["availability"] for each in servers} >= {"manual", "auto"}
        assert all(each["sId"].startswith("ims_") for each in servers)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_stop_it_cleanly(number: signal.Signals) -> None:
    with subprocess.Popen(
        [*COMMAND, "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        with httpx2.Client(trust_env=False) as kept_alive:
            assert kept_alive.get(f"{url}/").status_code == 200
            process.send_signal(number)
            output, talk = process.communicate(timeout=30)
    assert (process.returncode, output, talk) == (0, "", "")


def test_without_json_it_greets_people() -> None:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(8)]
        process.terminate()
    text = "".join(lines)
    assert "page         http://127.0.0.1:" in text
    assert "admin token  user." in text


def test_a_port_that_is_taken_is_an_error_not_a_traceback() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [*COMMAND, "--port", port], check=False, capture_output=True, text=True
        )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"error: can't listen on port {port}: ")


def test_data_outlives_the_process(tmp_path: Path, open_server: McpServer) -> None:
    data = tmp_path / "sandbox.db"
    with SandboxProcess(data=data) as process, process.client() as api:
        first = (process.workspace_id, process.tokens)
        space = make_space(api, "Durable")
        server = make_server(api, open_server.url, viewName="Durable tool")
    assert data.stat().st_mode & 0o077 == 0
    with SandboxProcess(data=data) as process, process.client() as api:
        assert (process.workspace_id, process.tokens) == first
        assert api.read(f"/spaces/{space}")["space"]["name"] == "Durable"
        assert system_view(api, server)["name"] == "Durable tool"


def test_a_seed_counts_for_new_data_only(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    with SandboxProcess(data=data):
        pass
    with SandboxProcess(data=data, seed=SEED) as process:
        assert process.workspace_id != "acme"
        code, talk = process.stop()
    assert code == 0
    assert "the seed file is ignored" in talk


def test_a_file_that_is_no_sandbox_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "notes.txt"
    data.write_text("not a database, but long enough to look like one" * 40)
    before = data.read_bytes()
    with pytest.raises(RuntimeError, match="is not a sandbox data file"), SandboxProcess(data=data):
        pass
    assert data.read_bytes() == before


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ({}, "workspaces: Field required"),
        ({"workspaces": [{"name": "x", "members": []}]}, "workspaces.0.members"),
        ({"workspaces": [{"name": "x", "members": [{"email": "a", "token": "sk-x"}]}]}, "token"),
        (
            {"workspaces": [{"name": "x", "members": [{"email": "a"}], "colour": 1}]},
            "workspaces.0.colour",
        ),
        (
            {
                "workspaces": [
                    {
                        "name": "x",
                        "members": [{"email": "a"}],
                        "groups": [{"name": "g", "members": ["b"]}],
                    }
                ]
            },
            "the seed refers to b",
        ),
    ],
)
def test_a_seed_that_does_not_fit_says_where(seed: dict[str, object], message: str) -> None:
    with pytest.raises(RuntimeError, match="error: ") as caught, SandboxProcess(seed=seed):
        pass
    assert message in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_a_failed_seed_leaves_no_data_behind(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.db"
    bad = {**SEED, "tokens": [{"token": "t", "user": "nobody@acme.example"}]}
    with pytest.raises(RuntimeError), SandboxProcess(seed=bad, data=data):
        pass
    with SandboxProcess(seed=SEED, data=data) as process, process.client_for(ADMIN) as api:
        assert process.workspace_id == "acme"
        assert api.read("/spaces")["spaces"]


def test_the_times_of_device_logins_are_flags_of_the_command() -> None:
    flags = ("--token-seconds", "9", "--login-seconds", "7", "--login-interval", "0")
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve", "--json", *flags]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        asked = ask(url)
        access = tokens_for(url).access
        process.terminate()
    assert (asked["expires_in"], asked["interval"]) == (7, 0)
    payload = access.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert claims["exp"] - claims["iat"] == 9


@pytest.mark.parametrize("flag", ["--token-seconds", "--login-seconds"])
def test_a_time_that_is_over_at_once_is_wrong_usage(flag: str) -> None:
    command = [sys.executable, "-m", "reconciler", "sandbox", "serve", flag, "0"]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 64
    assert flag in done.stderr
