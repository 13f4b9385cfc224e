"""Sign in, look who is, plan and apply without a token in the manifests, sign out."""

import re
import stat
import subprocess
import sys

import pytest

from tests.e2e.world import workspace_manifest
from tests.parts.cli import Project
from tests.parts.device_person import CLIENT_ID, decide, expire_all, refresh, tokens_for
from tests.parts.sandbox_process import SandboxProcess
from tests.parts.scripted_http import ScriptedHttp
from tests.signin.world import (
    describe,
    home,
    kept_tokens,
    leaks,
    log_in,
    session_files,
    start_login,
)


def test_from_login_to_logout(project: Project, sandbox: SandboxProcess) -> None:
    describe(project, sandbox.url, "team")
    done = [log_in(project, sandbox)]
    assert "ana@acme.example (Ana Diaz)" in done[0].out
    assert "us-central1" in done[0].out
    tokens = kept_tokens(project)
    done += [
        project.run("--debug", "whoami"),
        project.run("whoami", "-f", "manifests", "--output", "json"),
        project.run("--debug", "plan", "-f", "manifests", "--out", "saved.plan"),
        project.run("--debug", "apply", "saved.plan"),
        project.run("drift", "-f", "manifests"),
    ]
    project.run("destroy", "-f", "manifests", "--yes")
    assert leaks([tokens.access, tokens.refresh], project, done) == []
    assert "signed out: ana@acme.example" in project.run("logout").out
    assert session_files(project) == []
    assert "nobody was signed in" in project.run("logout").err
    gone = project.plan(code=1)
    assert f"nobody is signed in to {sandbox.url}" in gone.err
    assert f"reconciler login --url {sandbox.url}" in gone.err


def test_whoami_tells_workspaces_roles_and_where_the_token_comes_from(
    project: Project, sandbox: SandboxProcess
) -> None:
    log_in(project, sandbox)
    (identity,) = project.run("whoami", "--output", "json").json["identities"]
    assert identity["email"] == "ana@acme.example"
    assert identity["region"] == "us-central1"
    assert identity["source"] == str(session_files(project)[0])
    assert identity["renewed"] is True
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", identity["expiresAt"])
    assert identity["workspaces"] == [
        {"id": "acme", "name": "Acme", "role": "admin", "manages": True},
        {"id": "globex", "name": "Globex", "role": "user", "manages": False},
    ]
    text = project.run("whoami").out
    assert "Globex (globex): user - not an administrator" in text


def test_whoami_when_nobody_is_signed_in_says_how(project: Project) -> None:
    done = project.run("whoami", code=1)
    assert "nobody is signed in" in done.err
    assert "reconciler login" in done.err
    assert done.out == ""


def test_whoami_of_manifests_with_a_reference_names_it(
    project: Project, sandbox: SandboxProcess
) -> None:
    project.write("workspace.yaml", workspace_manifest("acme", sandbox.url))
    project.environ["DUST_ACCESS_TOKEN"] = tokens_for(sandbox.url).access
    done = project.run("whoami", "-f", "manifests")
    assert "env:DUST_ACCESS_TOKEN, as the Workspace manifest says" in done.out
    assert "Acme (acme): admin - the workspace of the manifests" in done.out


def test_a_login_without_a_client_id_says_what_to_give(project: Project) -> None:
    done = project.run("login", code=64)
    assert "--client-id or DUST_LOGIN_CLIENT_ID" in done.err
    assert "@dust-tt/dust-cli" in done.err
    assert "DUST_LOGIN_DOMAIN" in done.err


def test_the_next_login_knows_the_client_of_the_last_one(
    project: Project, sandbox: SandboxProcess
) -> None:
    log_in(project, sandbox)
    with project.start("login", "--no-browser", "--url", sandbox.url) as running:
        line = running.err_line()
        decide(sandbox.url, line.rpartition("=")[2].strip())
        assert running.end().code == 0
    assert len(session_files(project)) == 1


def test_options_come_from_the_environment_too(project: Project, sandbox: SandboxProcess) -> None:
    project.environ |= {"DUST_LOGIN_CLIENT_ID": CLIENT_ID, "DUST_LOGIN_DOMAIN": sandbox.url}
    with project.start("login", "--no-browser", "--url", sandbox.url) as running:
        decide(sandbox.url, running.err_line().rpartition("=")[2].strip())
        assert running.end().code == 0


def test_the_browser_is_told_where_to_go(project: Project, sandbox: SandboxProcess) -> None:
    note, script = project.folder / "opened", project.folder / "browser.sh"
    script.write_text(f'#!/bin/sh\necho "$1" > {note}\necho noise\n')
    script.chmod(0o700)
    project.environ["BROWSER"] = f"{script} %s"
    arguments = ("login", "--url", sandbox.url, "--client-id", CLIENT_ID, "--output", "json")
    with project.start(*arguments) as running:
        code = running.err_line().rpartition("=")[2].strip()
        running.wait_for("told the browser")
        decide(sandbox.url, code)
        done = running.end()
    assert done.json["identities"][0]["email"] == "ana@acme.example"
    assert note.read_text().strip() == f"{sandbox.url}/login/device?user_code={code}"


def test_a_denied_login_stores_nothing(project: Project, sandbox: SandboxProcess) -> None:
    running, code = start_login(project, sandbox.url)
    with running:
        decide(sandbox.url, code, approve=False)
        done = running.end()
    assert (done.code, session_files(project)) == (1, [])
    assert "the sign-in was denied" in done.err


def test_a_login_that_nobody_approves_ends(project: Project) -> None:
    with SandboxProcess(flags=("--login-interval", "0", "--login-seconds", "1")) as sandbox:
        running, _ = start_login(project, sandbox.url)
        with running:
            done = running.end()
    assert (done.code, session_files(project)) == (1, [])
    assert "nobody approved the sign-in" in done.err


def test_ctrl_c_ends_a_login_and_stores_nothing(project: Project, sandbox: SandboxProcess) -> None:
    running, _ = start_login(project, sandbox.url)
    with running:
        running.wait_for("waiting until you approve")
        running.interrupt()
        done = running.end()
    assert (done.code, session_files(project)) == (130, [])


def test_an_unknown_client_id_is_named_as_the_fault(
    project: Project, sandbox: SandboxProcess
) -> None:
    done = project.run("login", "--url", sandbox.url, "--client-id", "client_x", code=1)
    assert "invalid_client" in done.err
    assert "--client-id" in done.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--url", "http://dust.example"), "plain http is for this machine only"),
        (("--url", "https://u:p@dust.example"), "more in it"),
        (("--region", "us", "--url", "https://dust.example"), "not both"),
        (("--client-id", "x", "--domain", "ftp://login.example"), "not a web address"),
    ],
)
def test_an_address_that_no_token_may_go_to_is_wrong_usage(
    project: Project, arguments: tuple[str, ...], words: str
) -> None:
    assert words in project.run("login", *arguments, code=64).err


def test_the_file_is_private_from_the_start(project: Project, sandbox: SandboxProcess) -> None:
    log_in(project, sandbox)
    (path,) = session_files(project)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_file_that_others_may_read_is_made_private_and_said(
    project: Project, sandbox: SandboxProcess
) -> None:
    log_in(project, sandbox)
    (path,) = session_files(project)
    path.chmod(0o644)
    assert "could be read by others" in project.run("whoami").err
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert "could be read" not in project.run("whoami").err


def test_a_link_in_place_of_the_file_is_refused(project: Project, sandbox: SandboxProcess) -> None:
    log_in(project, sandbox)
    (path,) = session_files(project)
    elsewhere = path.rename(project.folder / "elsewhere")
    path.symlink_to(elsewhere)
    assert "can't be read" in project.run("whoami", code=1).err


def test_a_damaged_file_is_an_error_in_words_without_its_content(
    project: Project, sandbox: SandboxProcess
) -> None:
    log_in(project, sandbox)
    tokens = kept_tokens(project)
    (path,) = session_files(project)
    path.write_text(path.read_text()[:-10])
    done = project.run("--debug", "whoami", code=1)
    assert "is damaged" in done.err
    assert "nobody is signed in" in done.err
    assert leaks([tokens.access, tokens.refresh], project, [done]) == []


def test_people_and_addresses_are_kept_apart(project: Project, sandbox: SandboxProcess) -> None:
    with SandboxProcess(flags=("--login-interval", "0")) as other:
        log_in(project, sandbox)
        log_in(project, sandbox, email="olga@globex.example")
        log_in(project, other, email="dora@acme.example")
        assert len(session_files(project)) == 3
        describe(project, sandbox.url)
        assert "signed in as ana@acme.example" in project.plan().err
        project.run("logout", "--url", other.url)
        project.run("logout", "--email", "ana@acme.example")
        (identity,) = project.run("whoami", "--output", "json").json["identities"]
        assert identity["email"] == "olga@globex.example"


def test_a_manifest_that_names_another_host_gets_no_token(
    project: Project, sandbox: SandboxProcess
) -> None:
    log_in(project, sandbox)
    with ScriptedHttp() as stranger:
        describe(project, stranger.url)
        done = project.plan(code=1)
        assert stranger.calls() == []
    assert "nobody is signed in to" in done.err
    assert f"signed in elsewhere: ana@acme.example at {sandbox.url}" in done.err


def test_a_token_on_stdin_is_stored_without_renewal(
    project: Project, sandbox: SandboxProcess
) -> None:
    token = tokens_for(sandbox.url).access
    done = project.run("login", "--token-stdin", "--url", sandbox.url, stdin=f"{token}\n")
    assert "not renewed" in done.out
    assert leaks([token], project, [done, project.run("--debug", "whoami")]) == []
    describe(project, sandbox.url, "team")
    project.apply()


def test_an_api_key_on_stdin_is_refused_with_the_reason(
    project: Project, sandbox: SandboxProcess
) -> None:
    done = project.run("login", "--token-stdin", "--url", sandbox.url, stdin="sk-abcdef", code=1)
    assert "API keys can't manage MCP servers" in done.err
    assert "sk-abcdef" not in done.err
    assert session_files(project) == []


def test_a_token_that_the_platform_refuses_is_not_stored(
    project: Project, sandbox: SandboxProcess
) -> None:
    done = project.run("login", "--token-stdin", "--url", sandbox.url, stdin="made.up", code=1)
    assert "isn't accepted" in done.err
    assert session_files(project) == []


def test_an_empty_stdin_is_wrong_usage(project: Project) -> None:
    assert "no access token" in project.run("login", "--token-stdin", stdin="\n", code=64).err


def test_a_token_of_another_region_is_refused_by_name(
    project: Project, sandbox: SandboxProcess
) -> None:
    token = tokens_for(sandbox.url, "olga@globex.example").access
    done = project.run("login", "--token-stdin", "--region", "us", stdin=token, code=1)
    assert "for the region europe-west1, not for us" in done.err
    assert session_files(project) == []


def test_a_second_home_has_its_own_sign_ins(project: Project, sandbox: SandboxProcess) -> None:
    log_in(project, sandbox)
    assert "nobody is signed in" in home(project.folder / "b").run("whoami", code=1).err


def test_a_refresh_token_that_somebody_else_used_ends_the_sign_in(
    project: Project, sandbox: SandboxProcess
) -> None:
    log_in(project, sandbox)
    stolen = kept_tokens(project)
    assert refresh(sandbox.url, stolen.refresh).status_code == 200
    expire_all(sandbox.url)
    describe(project, sandbox.url, "team")
    done = [project.plan(code=1), project.run("--debug", "whoami", code=1)]
    assert "the sign-in has ended" in done[0].err
    assert "sign in again: `reconciler login`" in done[0].err
    assert "the sign-in has ended" in done[1].out
    assert leaks([stolen.access, stolen.refresh], project, done) == []


@pytest.mark.parametrize("way", ["login", "logout"])
def test_a_damaged_file_is_in_nobodys_way(
    project: Project, sandbox: SandboxProcess, way: str
) -> None:
    log_in(project, sandbox)
    (path,) = session_files(project)
    path.write_text("{")
    if way == "login":
        log_in(project, sandbox)
        project.run("whoami")
    else:
        assert f"removed {path}" in project.run("logout").err
        assert session_files(project) == []


def test_commands_with_a_reference_load_nothing_of_signing_in(project: Project) -> None:
    code = (
        "import sys, reconciler.workflows, reconciler.cli.plan_command;"
        "print([n for n in sys.modules if 'signin' in n or n in ('authlib', 'keyring')])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
