"""What the check-up finds, against a real sandbox, and against what is broken."""

import base64
import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.resources import Address
from reconciler.state import Consent, Entry, FileStore, Intent
from reconciler.views import Checked, Health, checkup_json, checkup_text, healthy
from reconciler.workflows import Options
from reconciler.workflows.doctor import check_up
from reconciler.workflows.doctor.installation import extra_for
from reconciler.workflows.doctor.reaching import advice_for
from reconciler.workflows.schemas import schema_texts
from tests.e2e.world import (
    ADMIN,
    BUILDER,
    EXPIRED,
    KEY,
    seed,
    server,
    space,
    workspace_manifest,
)
from tests.parts.cli import Project
from tests.parts.ports import free_port
from tests.parts.sandbox_process import SandboxProcess
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.state.stores import OWNER

_BEARER = {"mode": "bearer", "token": {"env": "BEARER"}}
_GUARDED = server("guarded", "https://mcp.example.com/mcp", spaces=["team"], auth=_BEARER)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    with SandboxProcess(seed=seed()) as process:
        yield process


@pytest.fixture
def project(tmp_path: Path, sandbox: SandboxProcess) -> Project:
    """A sound project."""
    project = Project(folder=tmp_path, environ={"DUST_ACCESS_TOKEN": ADMIN, "BEARER": "its-token"})
    describe(project, sandbox.url)
    project.write("resources.yaml", space("team"), _GUARDED)
    return project


def describe(project: Project, url: str, workspace_id: str = "w1", **spec: Any) -> None:
    project.write("workspace.yaml", workspace_manifest(workspace_id, url, **spec))


def examine(project: Project, now: datetime | None = None) -> dict[str, Checked]:
    """The checks by name."""
    options = Options(
        environ=project.environ, timeout=5, attempts=1, now=lambda: now or datetime.now(UTC)
    )
    checks = check_up([project.manifests], None, options)
    Draft202012Validator(json.loads(schema_texts()["doctor"])).validate(checkup_json(checks))
    assert len({check.name for check in checks}) == len(checks)
    return {check.name: check for check in checks}


def hide(module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a module not installed."""

    class Nothing(MetaPathFinder):
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            if name.partition(".")[0] == module:
                raise ModuleNotFoundError(name)

    for name in [name for name in sys.modules if name.partition(".")[0] == module]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "meta_path", [Nothing(), *sys.meta_path])


def only_failure(checks: dict[str, Checked]) -> Checked:
    (failed,) = [check for check in checks.values() if check.health is Health.FAILED]
    assert failed.help, "a failure says what to do"
    return failed


def jwt(**claims: object) -> str:
    """A token that says so of itself."""
    body = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{body}.sig"


def test_all_is_well_with_a_sound_project(project: Project) -> None:
    checks = examine(project)
    assert {check.health for check in checks.values()} == {Health.OK}
    assert list(checks) == [
        "version",
        "python",
        "extras",
        "manifests",
        "secrets env",
        "address",
        "clock",
        "token",
        "workspace",
        "role",
        "state",
        "lock",
    ]
    assert checks["manifests"].message == "2 resources of acme in 2 files"


@pytest.mark.parametrize(
    ("token", "name", "words"),
    [
        (EXPIRED, "token", "expired"),
        ("t.of-nobody", "token", "isn't accepted"),
        (f"{KEY}-w1", "token", "API key"),
        ("with a space", "token", "characters that no token has"),
        (BUILDER, "role", "builder"),
    ],
)
def test_a_token_that_cannot_manage_is_told_apart(
    project: Project, token: str, name: str, words: str
) -> None:
    project.environ["DUST_ACCESS_TOKEN"] = token
    checks = examine(project)
    failed = only_failure(checks)
    assert failed.name == name
    assert words in failed.message
    assert checks["address"].health is Health.OK, "somebody answered all the same"
    assert checks["clock"].health is Health.OK
    assert token not in str(checks)


def test_another_workspaces_id_is_told_with_those_that_the_person_has(
    project: Project, sandbox: SandboxProcess
) -> None:
    describe(project, sandbox.url, "w-of-others")
    failed = only_failure(examine(project))
    assert failed.name == "workspace"
    assert "(w0)" in failed.help[0]


def test_without_a_token_the_address_is_checked_all_the_same(project: Project) -> None:
    del project.environ["DUST_ACCESS_TOKEN"]
    checks = examine(project)
    failed = only_failure(checks)
    assert failed.name == "secrets env"
    assert "env:DUST_ACCESS_TOKEN" in failed.message
    assert checks["token"].health is Health.SKIPPED
    assert checks["address"].health is Health.OK


def test_an_address_where_nobody_listens(project: Project) -> None:
    describe(project, f"http://127.0.0.1:{free_port()}")
    checks = examine(project)
    failed = only_failure(checks)
    assert failed.name == "address"
    assert "nobody listens there" in failed.help[0]
    assert checks["token"].health is Health.SKIPPED
    assert checks["state"].health is Health.OK, "what doesn't need it is checked"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("ConnectError: [Errno -2] Name or service not known", "can't be resolved"),
        ("ConnectError: [SSL: CERTIFICATE_VERIFY_FAILED] unable to get issuer", "SSL_CERT_FILE"),
        ("ConnectError: [Errno 111] Connection refused", "nobody listens"),
        ("no answer in 5 s", "the proxy and the firewall"),
        ("something new", "the proxy and the firewall"),
    ],
)
def test_why_nobody_answers_decides_what_to_do(reason: str, words: str) -> None:
    assert words in advice_for(reason)


@pytest.mark.parametrize(
    ("off", "health"),
    [
        (timedelta(seconds=5), Health.OK),
        (timedelta(minutes=-2), Health.WARNING),
        (timedelta(hours=1), Health.FAILED),
    ],
)
def test_a_clock_that_goes_wrong(project: Project, off: timedelta, health: Health) -> None:
    assert examine(project, now=datetime.now(UTC) + off)["clock"].health is health


def test_a_workspace_of_another_region_is_named(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")
    manifest = workspace_manifest("w1", "unused", region="us")
    del manifest["spec"]["url"]
    project.write("workspace.yaml", manifest)
    project.environ["DUST_ACCESS_TOKEN"] = jwt(**{"https://dust.tt/region": "europe-west1"})
    checks = examine(project)
    assert checks["address"].health is Health.FAILED, "no call leaves this machine in a test"
    assert checks["region"].health is Health.FAILED
    assert "`region: eu`" in checks["region"].help[0]


def test_a_token_that_ends_soon_is_a_warning(project: Project) -> None:
    ends = datetime.now(UTC) + timedelta(minutes=5)
    project.environ["DUST_ACCESS_TOKEN"] = jwt(exp=ends.timestamp())
    person = {"sId": "u1", "email": "ana@acme.example", "fullName": "Ana"}
    member = {"sId": "w1", "name": "Acme", "role": "admin"}
    with ScriptedHttp() as wire:
        wire.on("GET", "/api/v1/me", Reply(json={"user": {**person, "workspaces": [member]}}))
        describe(project, wire.url)
        token = examine(project)["token"]
    assert token.health is Health.WARNING
    assert f"{ends:%Y-%m-%d %H:%M} UTC" in token.message


def test_secrets_that_cannot_be_had_are_named_and_never_shown(project: Project) -> None:
    project.environ["BEARER"] = "  "
    failed = only_failure(examine(project))
    assert failed.name == "secrets env"
    assert "1 of 2 secrets" in failed.message
    assert "env:BEARER" in failed.message


def test_a_state_elsewhere_needs_the_extra_of_its_store() -> None:
    assert extra_for("gs://bucket/state") == "objects"
    assert extra_for("postgres://db/x") == "postgres"
    assert extra_for("https://state.example/s") is None


def test_a_damaged_state(project: Project) -> None:
    (project.folder / "state.json").write_text("{")
    failed = only_failure(examine(project))
    assert failed.name == "state"
    assert "restore the file" in failed.help[0]


def test_a_state_that_is_kept_elsewhere(project: Project, sandbox: SandboxProcess) -> None:
    with ScriptedHttp() as store:
        store.on("GET", "/state", Reply(status=404, body=b""))
        describe(project, sandbox.url, state={"url": f"{store.url}/state"})
        checks = examine(project)
        assert checks["state"].message == f"none yet: the first apply makes {store.url}/state"
        store.on("GET", "/state", Reply(status=403, body=b""))
        assert only_failure(examine(project)).name == "state"
    assert "lock" not in checks, "who has it is only told to whoever asks for it"


def test_what_the_state_waits_for(project: Project) -> None:
    store = FileStore(project.folder / "state.json", provider="dust", workspace_id="w1")
    with store.session(owner=OWNER, tool="test") as session:
        session.put(Address("Space", "team"), Entry(remote_id="spc_1"))
        session.intend(Intent(address=Address("Space", "next"), operation="create"))
        session.ask(
            Address("MCPServer", "guarded"),
            Consent(
                connection="con_1",
                provider="mcp",
                url="https://sign.in/?state=hidden",
                who="ana@acme.example",
                since="2026-01-01",
                asked="x",
            ),
        )
        checks = examine(project)
        assert checks["lock"].health is Health.WARNING
        assert OWNER.name in checks["lock"].message
    checks = examine(project)
    assert checks["lock"].health is Health.OK
    assert checks["unfinished"].message.endswith("Space/next")
    assert checks["sign-ins"].message.startswith("MCPServer/guarded waits for ana@acme.example")
    assert "hidden" not in str(checks), "the address to sign in at is nobody else's"
    assert "owns 1 object" in checks["state"].message
    assert healthy(checks.values())


def test_nothing_is_written(project: Project) -> None:
    before = {path: path.stat() for path in project.folder.rglob("*")}
    examine(project)
    assert {path: path.stat() for path in project.folder.rglob("*")} == before


def test_manifests_with_faults_leave_the_rest_unchecked(project: Project) -> None:
    project.write("fault.yaml", "kind: Space\n")
    checks = examine(project)
    assert checks["manifests"].health is Health.FAILED
    assert "`reconciler validate` shows them all" in checks["manifests"].help
    assert checks["address"].health is Health.SKIPPED


def test_without_manifests_it_looks_at_what_there_is(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    checks = examine(Project(folder=tmp_path))
    assert checks["version"].health is Health.OK
    assert checks["manifests"].health is Health.SKIPPED
    assert healthy(checks.values())


def test_redirect_uris_are_told_where_a_server_signs_in_by_oauth(project: Project) -> None:
    project.write("oauth.yaml", server("o", "https://o.example/mcp", auth={"mode": "automatic"}))
    assert examine(project)["callbacks"].message.endswith("/oauth/mcp/finalize")


@pytest.mark.parametrize("width", [40, 80])
def test_it_reads_in_columns(width: int) -> None:
    checks = [
        Checked(name="address", health=Health.OK, message="https://eu.dust.tt answered in 80 ms"),
        Checked(name="role", health=Health.FAILED, message="far " * 30, help=("do " * 40,)),
        Checked(name="lock", health=Health.WARNING, message="held"),
    ]
    text = checkup_text(checks, width=width)
    assert max(map(len, text.splitlines())) <= width
    assert {line[9:10] for line in text.splitlines()[:-2]} == {" "}, "the names have one column"
    assert text.endswith("not ready: 1 failed, 1 warning\n")


@pytest.mark.parametrize(("token", "code"), [(ADMIN, 0), (BUILDER, 1)])
def test_the_exit_code_says_whether_something_failed(
    project: Project, token: str, code: int
) -> None:
    project.environ["DUST_ACCESS_TOKEN"] = token
    done = project.run("doctor", "-f", "manifests", "--output", "json", code=code)
    assert done.json["healthy"] is (code == 0)


@pytest.mark.parametrize(
    ("module", "extra", "auth", "spec"),
    [
        ("hvac", "vault", {"mode": "bearer", "token": {"vault": "secret/mcp#token"}}, {}),
        ("psycopg", "postgres", {"mode": "none"}, {"state": {"url": "postgresql://db/x"}}),
    ],
)
def test_it_says_which_extra_the_manifests_need_that_is_not_installed(
    project: Project,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    module: str,
    extra: str,
    auth: dict[str, Any],
    spec: dict[str, Any],
) -> None:
    describe(project, sandbox.url, **spec)
    project.write("resources.yaml", server("guarded", "https://mcp.example.com/mcp", auth=auth))
    assert examine(project)["extras"].health is Health.OK
    hide(module, monkeypatch)
    found = examine(project)["extras"]
    assert found.health is Health.FAILED
    assert found.message == f"the manifests need what isn't installed: {extra}"
    assert found.help == (f"pip install 'reconciler[{extra}]'",)
