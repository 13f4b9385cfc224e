"""Environment variables that no manifest may name: refused in a pipeline, a warning at a desk."""

from pathlib import Path

import pytest

from reconciler.diagnostics import Code, Diagnostic, Severity
from reconciler.manifests import load
from reconciler.resources import Variables
from tests.manifests.corpus import SERVER, WORKSPACE

OTHERS = [
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "ACTIONS_RUNTIME_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AZURE_CLIENT_SECRET",
    "AZURE_STORAGE_KEY",
    "CI_JOB_JWT_V2",
    "CI_JOB_TOKEN",
    "CI_REPOSITORY_URL",
    "GH_TOKEN",
    "GITHUB_TOKEN",
    "GOOGLE_APPLICATION_CREDENTIALS",
    "OP_SERVICE_ACCOUNT_TOKEN",
    "PGPASSWORD",
    "RECONCILER_GITLAB_TOKEN",
    "SOPS_AGE_KEY",
    "SYSTEM_ACCESSTOKEN",
    "TF_HTTP_PASSWORD",
    "VAULT_SECRET_ID",
    "VAULT_TOKEN",
]
TEAMS = [
    "AWS_DOCS_MCP_TOKEN",
    "CIRCLE_TOKEN",
    "DUST_ACCESS_TOKEN",
    "GITHUB_MCP_TOKEN",
    "GITLAB_MCP_TOKEN",
    "GOOGLE_DRIVE_MCP_KEY",
    "RECONCILER_SESSION_KEY",
    "VAULT_MCP_TOKEN",
]


def _found(folder: Path, name: str, **environ: str) -> list[Diagnostic]:
    (folder / "workspace.yaml").write_text(WORKSPACE)
    token = f"  auth: {{mode: bearer, token: {{env: {name}}}}}\n"
    (folder / "server.yaml").write_text(SERVER + token)
    return list(load([folder], variables=Variables.of(environ)).diagnostics)


@pytest.mark.parametrize("name", OTHERS)
def test_the_runners_and_the_stores_own_are_refused_in_a_pipeline(
    tmp_path: Path, name: str
) -> None:
    [found] = _found(tmp_path, name, CI="true")

    assert (found.code, found.severity) == (Code.RESERVED_VARIABLE, Severity.ERROR)
    assert name in found.message
    assert found.span is not None
    assert found.span.line == SERVER.count("\n") + 1


@pytest.mark.parametrize("name", TEAMS)
def test_a_name_that_a_team_gives_is_fine(tmp_path: Path, name: str) -> None:
    assert _found(tmp_path, name, CI="true") == []


def test_at_a_desk_it_is_a_warning(tmp_path: Path) -> None:
    [found] = _found(tmp_path, "GITHUB_TOKEN", CI="false")
    assert found.severity is Severity.WARNING


@pytest.mark.parametrize("runner", ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD"])
def test_a_pipeline_is_known_by_its_runner_too(tmp_path: Path, runner: str) -> None:
    [found] = _found(tmp_path, "GITHUB_TOKEN", **{runner: "true"})
    assert found.severity is Severity.ERROR


def test_the_run_allows_one_by_its_name_and_no_other(tmp_path: Path) -> None:
    allowed = {"CI": "1", "RECONCILER_ALLOW_ENV": "PGPASSWORD, CI_JOB_TOKEN"}
    assert _found(tmp_path, "CI_JOB_TOKEN", **allowed) == []
    assert _found(tmp_path, "CI_JOB_JWT", **allowed) != []


def test_letter_case_hides_nothing_where_the_system_has_none(tmp_path: Path) -> None:
    """Windows finds GITHUB_TOKEN for `github_token`."""
    [found] = _found(tmp_path, "github_token", CI="true")
    assert found.code is Code.RESERVED_VARIABLE


@pytest.mark.parametrize(
    "lines",
    [
        "  credentials: {accessToken: {env: VAULT_TOKEN}}",
        "  credentials: {session: {beside: state, key: {env: VAULT_TOKEN}}}",
        "  state: {url: 'https://s.example/a', credentials: {password: {env: VAULT_TOKEN}}}",
        "  state: {encryption: {previousKey: {env: VAULT_TOKEN}}}",
        "  state: {fingerprintKey: {env: VAULT_TOKEN}}",
    ],
)
def test_every_reference_of_a_workspace_is_looked_at(tmp_path: Path, lines: str) -> None:
    head = WORKSPACE.partition("  credentials:")[0]
    (tmp_path / "workspace.yaml").write_text(f"{head}{lines}\n")

    loaded = load([tmp_path], variables=Variables.of({"CI": "true"}))

    assert [item.code for item in loaded.diagnostics] == [Code.RESERVED_VARIABLE]


def test_headers_and_clients_of_servers_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "workspace.yaml").write_text(WORKSPACE)
    auth = (
        "  auth:\n    mode: static-oauth\n    clientId: {env: CI_JOB_TOKEN}\n"
        "    clientSecret: {env: GH_TOKEN}\n"
        "    authorizationEndpoint: https://mcp.example.com/authorize\n"
        "    tokenEndpoint: https://mcp.example.com/token\n"
        "  headers:\n    X-Key: {env: PGPASSWORD}\n    env: {literal: fine}\n"
    )
    (tmp_path / "server.yaml").write_text(SERVER + auth)

    loaded = load([tmp_path], variables=Variables.of({"CI": "true"}))

    assert [item.message.split("`")[1] for item in loaded.diagnostics] == [
        "CI_JOB_TOKEN",
        "GH_TOKEN",
        "PGPASSWORD",
    ]
