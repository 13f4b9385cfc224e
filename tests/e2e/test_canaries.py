"""Secrets are planted everywhere, and must come up nowhere."""

import base64
import getpass
import secrets
import stat
from pathlib import Path
from urllib.parse import quote

import pytest

from reconciler.cli.entry import COMMANDS
from tests.e2e.world import ADMIN, Servers, Workspace, server, space
from tests.parts.bao_server import BaoServer
from tests.parts.cli import Done, Project, texts_under
from tests.parts.mcp_servers import McpServer

_F = ("-f", "manifests")
_EVERY_COMMAND = (
    ("init", "begun"),
    ("validate", *_F),
    ("plan", *_F, "--out", "saved.plan"),
    ("show", "saved.plan"),
    ("apply", "saved.plan"),
    ("drift", *_F),
    ("connect", *_F),
    ("doctor", *_F),
    ("state", "list", *_F),
    ("export", *_F, "-o", "exported"),
    ("forget", "MCPServer/guarded", *_F),
    ("adopt", "--all", *_F),
    ("callbacks", "--live", *_F),
    ("probe", "URL", "--bearer", "env:BEARER", "--allow-private"),
    ("login", "--token-stdin", "--url", "SANDBOX"),
    ("whoami", *_F),
    ("logout",),
    ("explain", "literal-secret"),
    ("completion", "bash"),
    ("schema", "plan"),
    ("graph", *_F),
    ("publish", "issue", "--title", "Drift", "--body", "-"),
    ("reviewed", "--out", "reviewed.plan"),
    ("unlock", "nobody@nowhere:1", *_F),
    ("destroy", *_F, "--yes"),
)
_ELSEWHERE = {"demo", "sandbox"}
"""Programs of their own, which need no secret of a user's."""


def _shapes(value: str) -> set[bytes]:
    """The value as it is, and as it may come up in disguise."""
    encoded = {value, quote(value, safe=""), base64.b64encode(value.encode()).decode()}
    return {text.encode() for text in encoded} | {value[:12].encode()}


def leaks(canaries: list[str], folder: Path, done: list[Done]) -> list[str]:
    """Where any canary shows: a file, or a command's output."""
    places = list(texts_under(folder))
    places += [(Path(str(d.arguments)), (d.out + d.err).encode()) for d in done]
    return [
        str(path)
        for path, text in places
        for canary in canaries
        if any(shape in text for shape in _shapes(canary))
    ]


_PLANTED = ("bearer", "header", "file", "vault")


@pytest.fixture
def canaries(project: Project, tmp_path: Path, bao: BaoServer) -> dict[str, str]:
    """A value for each secret that the project refers to, outside of the project's folder.

    One is in a real Vault, where the run signs in with an id and a secret that are canaries too.
    """
    planted = {name: f"{name}.{secrets.token_urlsafe(24)}" for name in _PLANTED}
    path = tmp_path / "mounted"
    path.write_text(planted["file"])
    place = f"canaries-{secrets.token_hex(8)}"
    bao.client.secrets.kv.v2.create_or_update_secret(f"{place}/guarded", {"key": planted["vault"]})
    bao.allow(place, f"secret/data/{place}/*")
    role = bao.approle(place, token_policies=[place])
    project.environ.update(BEARER=planted["bearer"], HEADER=planted["header"], **role)
    return {**planted, "path": str(path), "place": place, "secret-id": role["VAULT_SECRET_ID"]}


def _guarded(url: str, canaries: dict[str, str]) -> dict[str, object]:
    return server(
        "guarded",
        url,
        displayName="Guarded",
        spaces=["team"],
        auth={"mode": "bearer", "token": {"env": "BEARER"}},
        headers={
            "X-Key": {"env": "HEADER"},
            "X-File": {"file": canaries["path"]},
            "X-Vault": {"vault": f"secret/{canaries['place']}/guarded#key"},
        },
    )


def _reports(name: str, *more: str) -> tuple[str, ...]:
    """The options for reports of every format, into the project's folder."""
    formats = ("markdown", "summary", "annotations", "junit", "json", *more)
    return tuple(f"--report={each}=reports/{name}.{each}" for each in formats)


def _values(canaries: dict[str, str]) -> list[str]:
    return [ADMIN, *(canaries[name] for name in (*_PLANTED, "secret-id"))]


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    canary = secrets.token_urlsafe(24)
    (tmp_path / "log").write_bytes(b"x" + base64.b64encode(canary.encode()))
    assert leaks([canary], tmp_path, []) == [str(tmp_path / "log")]
    done = Done(arguments=("plan",), code=0, out="", err=f"token {canary}!")
    assert len(leaks([canary], tmp_path, [done])) == 2


def test_no_command_shows_a_secret_when_all_is_well(
    project: Project, workspace: Workspace, canaries: dict[str, str]
) -> None:
    done: list[Done] = []
    with McpServer("guarded", ("search",), bearer=canaries["bearer"]) as guarded:
        project.write("space.yaml", space("team", access="open"))
        project.write("server.yaml", _guarded(guarded.url, canaries))
        commands = (
            ("validate", "-f", "manifests", *_reports("validate", "sarif", "html")),
            ("validate", "-f", "manifests", "--output", "json"),
            (
                *("--debug", "plan", "-f", "manifests", "--out", "saved.plan"),
                *_reports("plan", "sarif", "html"),
            ),
            ("plan", "-f", "manifests", "--output", "json"),
            ("show", "saved.plan"),
            ("show", "saved.plan", "--output", "json"),
            ("graph", "--plan", "saved.plan", "--output", "json"),
            ("--debug", "apply", "saved.plan", *_reports("apply")),
            ("--debug", "drift", "-f", "manifests"),
            ("apply", "-f", "manifests", "--yes", "--output", "json"),
        )
        done += [project.run(*arguments) for arguments in commands]
        assert guarded.last_headers()["x-key"] == canaries["header"], "the secret was not sent"
        assert guarded.last_headers()["x-file"] == canaries["file"]
        assert guarded.last_headers()["x-vault"] == canaries["vault"]
        project.environ["HEADER"] = canaries["header"] + "-rotated"
        rotated = project.plan()
        assert "rotated" in rotated.out
        done += [rotated, project.apply(), project.run("destroy", "-f", "manifests", "--yes")]
    assert leaks(_values(canaries), project.folder, done) == []


def test_what_debug_tells_of_any_command_is_safe_to_paste(
    project: Project, workspace: Workspace, canaries: dict[str, str]
) -> None:
    done: list[Done] = []
    trace = project.folder / "trace.log"
    trace.touch(0o644)
    told = b""
    with McpServer("guarded", ("search",), bearer=canaries["bearer"]) as guarded:
        project.write("space.yaml", space("team", members=["ana@acme.example"]))
        project.write("server.yaml", _guarded(guarded.url, canaries))
        project.environ.update(XDG_STATE_HOME=str(project.folder / "home"), HOME="/home/ana.diaz")
        project.environ.update(_forge(canaries))
        for arguments in _EVERY_COMMAND:
            places = {"URL": guarded.url, "SANDBOX": workspace.url}
            words = [places.get(word, word) for word in arguments]
            done.append(
                project.run(
                    "--debug", "--debug-file", "trace.log", *words, code=None, stdin=ADMIN + "\n"
                )
            )
            told += trace.read_bytes()
    assert {d.arguments[3] for d in done} == set(COMMANDS) - _ELSEWHERE
    assert stat.S_IMODE(trace.stat().st_mode) == 0o600
    assert leaks([*_values(canaries), canaries["forge"]], project.folder, done) == []
    said = told.decode() + "".join(each.err for each in done)
    for person in ("ana@acme", "ana.diaz", f"{getpass.getuser()}@"):
        assert person not in said
    for part in (
        "Python 3",
        "secret env:BEARER: read",
        "lock: taken on",
        "state: read",
        "/api/v1/me → 200",
        "?role=admin → 200",
        "POST http://127.0.0.1",  # the probe's
        "<person 1>",
    ):
        assert part in said


def _forge(canaries: dict[str, str]) -> dict[str, str]:
    """A forge that nobody answers for, and a token for it."""
    canaries["forge"] = "ghs-the-very-token-of-this-job"
    return {
        "GITHUB_ACTIONS": "true",
        "GITHUB_API_URL": "http://127.0.0.1:1",
        "GITHUB_REPOSITORY": "acme/tools",
        "GITHUB_SHA": "5" * 40,
        "GITHUB_TOKEN": canaries["forge"],
    }


def test_a_server_that_repeats_its_credentials_makes_nobody_show_them(
    project: Project, canaries: dict[str, str]
) -> None:
    with McpServer("telltale", sloppy="telltale") as telltale:
        project.write("space.yaml", space("team"))
        project.write("server.yaml", _guarded(telltale.url, canaries))
        done = [project.run("--debug", "apply", "-f", "manifests", "--yes", code=3)]
    assert "withheld" in done[0].out + done[0].err
    assert leaks(_values(canaries), project.folder, done) == []


def test_no_failure_shows_a_secret(
    project: Project, canaries: dict[str, str], servers: Servers
) -> None:
    project.write("space.yaml", space("team"))
    project.write("server.yaml", _guarded(servers.guarded.url, canaries))
    failing = ("--debug", "apply", "-f", "manifests", "--yes", *_reports("apply"))
    done = [project.run(*failing, code=3)]
    project.plan("--out", "saved.plan", code=None)
    plan, state = project.folder / "saved.plan", project.folder / "state.json"
    plan.write_text(plan.read_text()[:-20])
    done.append(project.run("--debug", "apply", "saved.plan", code=1))
    whole = state.read_text()
    state.write_text("{")
    done.append(project.run("--debug", "plan", "-f", "manifests", code=1))
    state.write_text(whole)
    wrong = f"t.wrong-{secrets.token_urlsafe(16)}"
    project.environ["DUST_ACCESS_TOKEN"] = wrong
    done.append(project.run("--debug", "apply", "-f", "manifests", "--yes", code=1))
    assert leaks([wrong, *_values(canaries)], project.folder, done) == []


def test_no_refusal_of_vault_shows_a_secret(
    project: Project, servers: Servers, canaries: dict[str, str], bao: BaoServer
) -> None:
    project.write("space.yaml", space("team"))
    project.write("server.yaml", _guarded(servers.guarded.url, canaries))
    wrong = f"wrong-{secrets.token_urlsafe(16)}"
    good = project.environ["VAULT_SECRET_ID"]
    failing = ("--debug", "apply", "-f", "manifests", "--yes", *_reports("apply"))
    project.environ["VAULT_SECRET_ID"] = wrong
    done = [project.run(*failing, code=1)]
    assert "its secret id is wrong" in done[0].err
    project.environ["VAULT_SECRET_ID"] = good
    bao.client.adapter.delete(f"/v1/sys/policies/acl/{canaries['place']}")
    done.append(project.run(*failing, code=1))
    assert f"secret/data/{canaries['place']}/guarded" in done[1].err
    assert leaks([wrong, *_values(canaries)], project.folder, done) == []


def test_a_literal_secret_in_a_manifest_is_not_repeated(project: Project) -> None:
    canary = f"ghp_{secrets.token_hex(18)}"
    manifest = server("x", "https://mcp.example.com/mcp", auth={"mode": "bearer", "token": canary})
    project.write("server.yaml", manifest)
    done = [
        project.run("validate", "-f", "manifests", *_reports("validate", "sarif", "html"), code=1),
        project.run("validate", "-f", "manifests", "--output", "json", code=1),
        project.run("--debug", "plan", "-f", "manifests", code=1),
    ]
    assert all(canary[4:16] not in each.out + each.err for each in done)
    reports = list(texts_under(project.folder / "reports"))
    assert reports
    assert all(canary[4:16].encode() not in text for _, text in reports)
