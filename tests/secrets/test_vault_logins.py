"""Signing in to Vault: which way the environment asks for, and what each way sends where."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver, SecretFailure
from reconciler.secrets.vault_settings import read_settings
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.parts.vault_auth_fake import AppRole, JwtRole, signed
from tests.parts.vault_fake import ROOT_TOKEN, Fault, Mount, VaultFake
from tests.secrets.outcomes import everything_said, failed, one, revealed

Make = Callable[..., Resolver]
APP = "secret/app#token"
APPROLE = {"VAULT_ROLE_ID": "role-of-canary", "VAULT_SECRET_ID": "secret-id-canary"}
LOGIN = "/v1/auth/{}/login"


@pytest.fixture(autouse=True)
def _stored(vault: VaultFake) -> None:
    vault.put("secret/app", {"token": "canary-1"})
    vault.auth.approle["approle"] = [
        AppRole(role_id="role-of-canary", secret_ids={"secret-id-canary": 0})
    ]
    vault.auth.jwt["jwt"] = {
        "ci": JwtRole(bound_audiences=["https://vault.example"], bound_claims={"ref": "main"})
    }


@pytest.fixture
def github() -> Iterator[ScriptedHttp]:
    """GitHub's id token service, which gives a token that the role `ci` takes."""
    with ScriptedHttp() as server:
        jwt = signed(aud="https://vault.example", ref="main", sub="repo:acme/tools")
        server.on("GET", "/token", Reply(json={"count": 1, "value": jwt}))
        yield server


def job(github: ScriptedHttp, **more: str) -> dict[str, str]:
    return {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/token?api-version=2.0",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-canary",
        "VAULT_AUTH_ROLE": "ci",
        **more,
    }


def without_token(resolver: Make, environ: Mapping[str, str], **more: object) -> Resolver:
    return resolver(environ={"VAULT_TOKEN": "", "HOME": "/nonexistent", **environ}, **more)


def refusal(resolver: Make, environ: Mapping[str, str]) -> SecretFailure:
    found = failed(one(without_token(resolver, environ), "vault", APP))
    assert "canary" not in everything_said(found)
    return found


def logins(vault: VaultFake) -> list[str]:
    return [path for path in vault.paths("POST") if path.endswith("/login")]


def test_an_approle_signs_in_with_role_id_and_secret_id(vault: VaultFake, resolver: Make) -> None:
    assert revealed(one(without_token(resolver, APPROLE), "vault", APP)) == "canary-1"
    assert logins(vault) == [LOGIN.format("approle")]


def test_role_id_and_secret_id_may_be_in_files(
    vault: VaultFake, resolver: Make, tmp_path: Path
) -> None:
    (tmp_path / "role").write_text("role-of-canary\n")
    (tmp_path / "secret").write_text("secret-id-canary\n")
    environ = {
        "VAULT_ROLE_ID_FILE": str(tmp_path / "role"),
        "VAULT_SECRET_ID_FILE": str(tmp_path / "secret"),
    }
    assert revealed(one(without_token(resolver, environ), "vault", APP)) == "canary-1"


def test_a_job_of_gitlab_signs_in_with_its_id_token_and_gitlab_s_own_variables(
    vault: VaultFake, resolver: Make
) -> None:
    vault.auth.jwt["gitlab"] = vault.auth.jwt.pop("jwt")
    environ = {
        "VAULT_ADDR": "",
        "VAULT_SERVER_URL": vault.url,
        "VAULT_AUTH_PATH": "gitlab",
        "VAULT_AUTH_ROLE": "ci",
        "VAULT_ID_TOKEN": signed(aud="https://vault.example", ref="main"),
    }
    assert revealed(one(without_token(resolver, environ), "vault", APP)) == "canary-1"
    assert logins(vault) == [LOGIN.format("gitlab")]


def test_without_a_role_the_mount_s_default_role_is_taken(vault: VaultFake, resolver: Make) -> None:
    vault.auth.default_role = "ci"
    environ = {"VAULT_ID_TOKEN": signed(aud="https://vault.example", ref="main")}
    assert revealed(one(without_token(resolver, environ), "vault", APP)) == "canary-1"


def test_a_job_of_github_asks_for_an_id_token_for_the_audience(
    vault: VaultFake, resolver: Make, github: ScriptedHttp
) -> None:
    environ = job(github, VAULT_AUTH_AUDIENCE="https://vault.example")
    assert revealed(one(without_token(resolver, environ), "vault", APP)) == "canary-1"
    (asked,) = github.log
    assert asked.headers["authorization"] == "Bearer request-canary"
    assert dict(asked.query) == {"api-version": "2.0", "audience": "https://vault.example"}


def test_without_an_audience_github_s_own_is_asked_for(
    vault: VaultFake, resolver: Make, github: ScriptedHttp
) -> None:
    revealed(one(without_token(resolver, job(github)), "vault", APP))
    assert dict(github.log[0].query) == {"api-version": "2.0"}


def test_a_pod_signs_in_with_the_token_of_its_service_account(
    vault: VaultFake, resolver: Make, tmp_path: Path
) -> None:
    vault.auth.jwt["kubernetes"] = {"tools": JwtRole(bound_subject="system:serviceaccount:ci:t")}
    (tmp_path / "token").write_text(signed(sub="system:serviceaccount:ci:t"))
    environ = {
        "KUBERNETES_SERVICE_HOST": "10.0.0.1",
        "VAULT_AUTH_ROLE": "tools",
        "VAULT_KUBERNETES_TOKEN_FILE": str(tmp_path / "token"),
    }
    assert revealed(one(without_token(resolver, environ), "vault", APP)) == "canary-1"
    assert logins(vault) == [LOGIN.format("kubernetes")]


def test_a_login_and_what_follows_are_in_the_namespace(vault: VaultFake, resolver: Make) -> None:
    vault.mounts["team-a/secret"] = Mount(version=2)
    vault.put("team-a/secret/app", {"token": "canary-a"})
    vault.auth.approle["team-a/approle"] = vault.auth.approle.pop("approle")
    inside = without_token(resolver, {**APPROLE, "VAULT_NAMESPACE": "team-a"})
    assert revealed(one(inside, "vault", APP)) == "canary-a"
    inside.close()
    assert {received.namespace for received in vault.requests} == {"team-a"}


def test_a_given_token_goes_before_every_login(vault: VaultFake, resolver: Make) -> None:
    assert revealed(one(resolver(environ=APPROLE), "vault", APP)) == "canary-1"
    assert logins(vault) == []


def test_the_method_may_be_named(vault: VaultFake, resolver: Make) -> None:
    named = resolver(environ={**APPROLE, "VAULT_AUTH_METHOD": "approle"})
    assert revealed(one(named, "vault", APP)) == "canary-1"
    assert logins(vault) == [LOGIN.format("approle")]


def test_a_login_carries_no_token(vault: VaultFake, resolver: Make) -> None:
    named = resolver(environ={**APPROLE, "VAULT_AUTH_METHOD": "approle"})
    one(named, "vault", APP)
    (login,) = [received for received in vault.requests if received.path.endswith("/login")]
    assert login.token is None


def test_all_workers_share_one_login(vault: VaultFake, resolver: Make) -> None:
    for number in range(12):
        vault.put(f"secret/app{number}", {"token": "canary"})
    shared = without_token(resolver, APPROLE)
    found = shared.resolve(SecretRef("vault", f"secret/app{n}#token") for n in range(12))
    assert {revealed(value) for value in found.values()} == {"canary"}
    assert len(logins(vault)) == 1


def test_a_redirect_of_a_login_is_not_followed(vault: VaultFake, resolver: Make) -> None:
    with VaultFake(host="127.0.0.2") as other:
        vault.always = Fault(status=307, headers={"Location": f"{other.url}/v1/auth/approle/login"})
        found = refusal(resolver, APPROLE)
        assert other.requests == []
    assert "redirect (307)" in found.message


@pytest.mark.parametrize(
    ("environ", "missing"),
    [
        ({}, "there is no Vault token, and no other way to sign in"),
        ({"VAULT_AUTH_METHOD": "approle"}, "the approle login needs VAULT_ROLE_ID"),
        ({"VAULT_ROLE_ID": "canary"}, "the approle login needs VAULT_SECRET_ID"),
        ({"VAULT_AUTH_METHOD": "gitlab"}, "the gitlab login needs VAULT_ID_TOKEN"),
        ({"VAULT_AUTH_METHOD": "jwt"}, "the jwt login needs VAULT_ID_TOKEN"),
        ({"VAULT_AUTH_METHOD": "github"}, "may not ask for an id token"),
        ({"VAULT_AUTH_ROLE": "ci", "GITHUB_ACTIONS": "true"}, "may not ask for an id token"),
        ({"VAULT_AUTH_METHOD": "kubernetes"}, "VAULT_AUTH_ROLE is not set"),
        (
            {"VAULT_AUTH_METHOD": "kubernetes", "VAULT_AUTH_ROLE": "canary",
             "VAULT_KUBERNETES_TOKEN_FILE": "/nonexistent"},
            "the token of the service account can't be opened",
        ),
        ({"VAULT_AUTH_METHOD": "canary"}, "VAULT_AUTH_METHOD names no known method"),
        ({**APPROLE, "VAULT_AUTH_PATH": "../sys"}, "VAULT_AUTH_PATH is not the path of a mount"),
    ],
)  # fmt: skip
def test_what_a_login_lacks_is_named_and_nothing_is_sent(
    vault: VaultFake, resolver: Make, environ: dict[str, str], missing: str
) -> None:
    found = refusal(resolver, environ)
    assert (found.code, missing in found.message) == (Code.SECRET_DENIED, True)
    assert vault.requests == []


def test_without_any_way_to_sign_in_each_way_is_told(resolver: Make) -> None:
    text = " ".join(refusal(resolver, {}).help)
    assert "VAULT_TOKEN" in text
    assert "id-token: write" in text
    assert "VAULT_ID_TOKEN" in text
    assert "VAULT_SECRET_ID" in text


@pytest.mark.parametrize(
    ("role", "jwt", "why"),
    [
        ("ci", signed(aud="https://other.example", ref="main"), "tokens for this audience"),
        ("ci", signed(aud="https://vault.example", ref="topic"), "the role isn't for this token"),
        (
            "ci",
            signed(aud="https://vault.example", ref="main", exp=int(time.time()) - 60),
            "the token has ended",
        ),
        (
            "ci",
            signed(ECKey.generate_key("P-256"), aud="https://vault.example", ref="main"),
            "can't verify the token's signature",
        ),
        ("absent", signed(aud="https://vault.example", ref="main"), "it knows no such role"),
    ],
)
def test_a_refused_jwt_says_why(
    vault: VaultFake, resolver: Make, role: str, jwt: str, why: str
) -> None:
    found = refusal(resolver, {"VAULT_ID_TOKEN": jwt, "VAULT_AUTH_ROLE": role})
    assert found.code is Code.SECRET_DENIED
    assert why in found.message
    assert jwt.split(".")[2] not in everything_said(found)
    assert logins(vault) == [LOGIN.format("jwt")]


def test_a_refused_jwt_says_what_the_token_says_of_itself(resolver: Make) -> None:
    jwt = signed(aud=["https://other.example"], sub="repo:acme/tools:ref:refs/heads/main")
    found = refusal(resolver, {"VAULT_ID_TOKEN": jwt, "VAULT_AUTH_ROLE": "ci"})
    assert (
        "the token says: iss `https://ci.example`, aud `https://other.example`, "
        "sub `repo:acme/tools:ref:refs/heads/main`" in found.help
    )


@pytest.mark.parametrize("jwt", ["canary", "a.b.c", "a.bnVsbA.c", "a..c", "...."])
def test_a_refused_token_that_is_no_jwt_is_just_refused(resolver: Make, jwt: str) -> None:
    found = refusal(resolver, {"VAULT_ID_TOKEN": jwt, "VAULT_AUTH_ROLE": "ci"})
    assert "the token says" not in " ".join(found.help)


def test_a_wrong_secret_id_is_denied_once_for_all(vault: VaultFake, resolver: Make) -> None:
    shared = without_token(resolver, {**APPROLE, "VAULT_SECRET_ID": "wrong-canary"})
    found = shared.resolve(SecretRef("vault", f"secret/app{n}#token") for n in range(12))
    assert all("role id, or its secret id is wrong" in failed(f).message for f in found.values())
    assert len(logins(vault)) == 1


def test_a_mount_that_is_not_there_names_its_path_and_the_namespace(resolver: Make) -> None:
    found = refusal(resolver, {**APPROLE, "VAULT_AUTH_PATH": "teams/ci"})
    assert "has nothing to sign in to (the AppRole login at `auth/teams/ci`)" in found.message
    assert any("VAULT_NAMESPACE" in line for line in found.help)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b'{"auth": null}', b'{"auth": {"client_token": "a\\nb"}}', b'{"auth": "canary"}'],
)
def test_a_login_that_gives_no_token_is_denied(
    vault: VaultFake, resolver: Make, body: bytes
) -> None:
    vault.always = Fault(status=200, body=body)
    assert "gave no token at the login" in refusal(resolver, APPROLE).message


def test_a_wrapped_secret_id_is_unwrapped_once(vault: VaultFake, resolver: Make) -> None:
    path = "auth/approle/role/ci/secret-id"
    wrapping = vault.auth.wrap(path, {"secret_id": "secret-id-canary"})
    environ = {**APPROLE, "VAULT_SECRET_ID": wrapping, "VAULT_SECRET_ID_WRAPPING_PATH": path}
    assert revealed(one(without_token(resolver, environ), "vault", APP)) == "canary-1"
    assert vault.auth.wrapped == {}


def test_a_secret_id_that_was_wrapped_elsewhere_is_not_opened(
    vault: VaultFake, resolver: Make
) -> None:
    wrapping = vault.auth.wrap("sys/wrapping/wrap", {"secret_id": "secret-id-canary"})
    path = "auth/approle/role/ci/secret-id"
    environ = {**APPROLE, "VAULT_SECRET_ID": wrapping, "VAULT_SECRET_ID_WRAPPING_PATH": path}
    assert "was wrapped elsewhere" in refusal(resolver, environ).message
    assert list(vault.auth.wrapped) == [wrapping]


def test_a_wrapping_that_somebody_opened_before_is_an_alarm(resolver: Make) -> None:
    path = "auth/approle/role/ci/secret-id"
    environ = {**APPROLE, "VAULT_SECRET_ID_WRAPPING_PATH": path}
    found = refusal(resolver, environ)
    assert "can't be taken out of its wrapping" in found.message
    assert "treat it as stolen" in found.help[0]


@pytest.mark.parametrize(
    "url",
    ["http://github.example/token", "ftp://github.example", "https://", "https://[::1", "canary",
     "https://user:canary@github.example/"],
)  # fmt: skip
def test_the_request_token_is_sent_to_nothing_but_an_https_url(
    resolver: Make, github: ScriptedHttp, url: str
) -> None:
    found = refusal(resolver, {**job(github), "ACTIONS_ID_TOKEN_REQUEST_URL": url})
    assert found.code is Code.SECRET_UNREACHABLE
    assert "are not an https URL" in found.message


def test_a_redirect_of_github_s_service_is_not_followed(
    resolver: Make, github: ScriptedHttp
) -> None:
    with VaultFake(host="127.0.0.2") as other:
        github.on("GET", "/token", Reply(status=302, headers={"location": other.url}))
        assert "holds no token (302)" in refusal(resolver, job(github)).message
        assert other.requests == []


def test_a_denial_of_github_s_service_says_which_permission(
    resolver: Make, github: ScriptedHttp
) -> None:
    github.on("GET", "/token", Reply(status=403, json={"message": "canary"}))
    found = refusal(resolver, job(github))
    assert "denies this job a token (403)" in found.message
    assert "id-token: write" in found.help[0]


def test_a_passing_failure_of_github_s_service_is_tried_again(
    resolver: Make, github: ScriptedHttp
) -> None:
    jwt = signed(aud="https://vault.example", ref="main")
    github.on(
        "GET", "/token", Reply(status=503), Reply(fault="hang-up"), Reply(json={"value": jwt})
    )
    assert revealed(one(without_token(resolver, job(github)), "vault", APP)) == "canary-1"


@pytest.mark.parametrize("value", [None, "", 5, "a b", ["canary"]])
def test_an_answer_of_github_s_service_without_a_token_is_said(
    resolver: Make, github: ScriptedHttp, value: object
) -> None:
    github.on("GET", "/token", Reply(json={"value": value}))
    assert "holds no token (200)" in refusal(resolver, job(github)).message


def test_settings_show_nothing_that_signs_in(resolver: Make) -> None:
    base = {"VAULT_ADDR": "https://vault.example", "VAULT_AUTH_ROLE": "r"}
    ways: list[dict[str, str]] = [
        {"VAULT_ROLE_ID": "canary", "VAULT_SECRET_ID": "canary"},
        {"VAULT_ID_TOKEN": "canary"},
        {"VAULT_TOKEN": ROOT_TOKEN + "canary"},
        {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://github.example",
         "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary"},
    ]  # fmt: skip
    assert not [way for way in ways if "canary" in repr(read_settings({**base, **way}))]


def test_errors_that_are_no_text_are_passed_over_at_a_refused_login(
    vault: VaultFake, resolver: Make
) -> None:
    body = b'{"errors": [7, {"canary": "x"}, "invalid role or secret ID"]}'
    vault.always = Fault(status=400, body=body)
    assert "its secret id is wrong" in refusal(resolver, APPROLE).message
