"""JSON of `login`, `logout` and `whoami`: one document that fits its schema, however it ends."""

from typing import Any

from tests.e2e.test_json_output import checked
from tests.parts.cli import Done, Project
from tests.parts.device_person import decide, expire_all, refresh, tokens_for
from tests.parts.sandbox_process import SandboxProcess
from tests.signin.world import describe, kept_tokens, log_in, start_login

_JSON = ("--output", "json")


def _only(done: Done) -> Any:
    """The only identity of the document."""
    (identity,) = checked(done, "identities")["identities"]
    return identity


def test_a_login_prints_who_signed_in(project: Project, sandbox: SandboxProcess) -> None:
    identity = _only(log_in(project, sandbox, *_JSON))
    assert identity["email"] == "ana@acme.example"
    assert (identity["renewed"], identity["problem"]) == (True, None)


def test_a_token_on_stdin_prints_whose_it_is(project: Project, sandbox: SandboxProcess) -> None:
    token = tokens_for(sandbox.url).access
    login = ("login", "--token-stdin", "--url", sandbox.url, *_JSON)
    identity = _only(project.run(*login, stdin=token))
    assert (identity["email"], identity["renewed"]) == ("ana@acme.example", False)


def test_a_login_that_does_not_succeed_prints_a_failure(
    project: Project, sandbox: SandboxProcess
) -> None:
    running, code = start_login(project, sandbox.url, *_JSON)
    with running:
        decide(sandbox.url, code, approve=False)
        denied = running.end()
    assert denied.code == 1, str(denied)
    assert "the sign-in was denied" in checked(denied, "failure")["message"]

    running, _ = start_login(project, sandbox.url, *_JSON)
    with running:
        running.wait_for("waiting until you approve")
        running.interrupt()
        given_up = running.end()
    assert given_up.code == 130, str(given_up)
    checked(given_up, "failure")

    wrong = {
        (): "takes an OAuth client id",
        ("--url", "http://dust.example"): "plain http is for this machine only",
        ("--region", "us", "--url", sandbox.url): "not both",
        ("--no-such-option",): "--no-such-option",
    }
    for arguments, words in wrong.items():
        done = project.run("login", *_JSON, *arguments, code=64)
        assert words in checked(done, "failure")["message"], str(done)
    refused = project.run("login", "--token-stdin", "--url", sandbox.url, *_JSON, code=1, stdin="x")
    checked(refused, "failure")


def test_whoami_prints_everybody(project: Project, sandbox: SandboxProcess) -> None:
    log_in(project, sandbox)
    log_in(project, sandbox, email="olga@globex.example")
    found = checked(project.run("whoami", *_JSON), "identities")["identities"]
    assert {each["email"] for each in found} == {"ana@acme.example", "olga@globex.example"}
    describe(project, sandbox.url)
    assert _only(project.run("whoami", "-f", "manifests", *_JSON))["email"] == "ana@acme.example"


def test_whoami_prints_a_sign_in_that_can_not_be_used_as_a_problem(
    project: Project, sandbox: SandboxProcess
) -> None:
    log_in(project, sandbox)
    refresh(sandbox.url, kept_tokens(project).refresh)
    expire_all(sandbox.url)
    identity = _only(project.run("whoami", *_JSON, code=1))
    assert identity["email"] == "ana@acme.example"
    assert "the sign-in has ended" in identity["problem"]["message"]
    assert identity["workspaces"] == []


def test_whoami_of_nobody_is_a_failure(project: Project, sandbox: SandboxProcess) -> None:
    nobody = project.run("whoami", *_JSON, code=1)
    assert "nobody is signed in" in checked(nobody, "failure")["message"]
    wrong = project.run("whoami", "--region", "eu", "--url", sandbox.url, *_JSON, code=64)
    assert "one of --file, --url and --region" in checked(wrong, "failure")["message"]


def test_logout_prints_who_signed_out(project: Project, sandbox: SandboxProcess) -> None:
    log_in(project, sandbox)
    gone = checked(project.run("logout", *_JSON), "logout")
    assert gone["removed"] == [{"url": sandbox.url, "email": "ana@acme.example"}]
    assert checked(project.run("logout", *_JSON), "logout")["removed"] == []
    wrong = project.run("logout", "--region", "eu", "--url", sandbox.url, *_JSON, code=64)
    assert "not both" in checked(wrong, "failure")["message"]
