"""What a real Vault shows and our fake can't: its own rules of leases, mounts, TLS and sealing."""

import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from reconciler.diagnostics import Code
from reconciler.secrets import Pacing, Resolver, Surroundings
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_client import VaultClient
from reconciler.secrets.vault_settings import read_settings
from tests.parts.bao_server import BaoServer
from tests.parts.certificates import Authority
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.parts.vault_auth_fake import ISSUER_KEY, signed
from tests.secrets.outcomes import everything_said, failed, one, revealed

AUDIENCE = "https://ours.example"


@dataclass(frozen=True)
class Place:
    """A part of the server that is the test's own: `name` is a policy, a mount and a folder."""

    bao: BaoServer
    name: str

    def __post_init__(self) -> None:
        self.write("app", token="canary-1")
        self.write("other", token="canary-2")
        self.bao.allow(self.name, f"secret/data/{self.name}/*")

    def write(self, name: str, **data: str) -> None:
        self.bao.client.secrets.kv.v2.create_or_update_secret(f"{self.name}/{name}", data)

    def at(self, name: str) -> str:
        return f"secret/{self.name}/{name}#token"

    def mount(self, method: str) -> None:
        self.bao.client.sys.enable_auth_method(method, path=self.name)

    def approle(self, **role: Any) -> dict[str, str]:
        """The environment that signs in to a role made so."""
        return self.bao.approle(self.name, token_policies=[self.name], **role)

    def wrapped(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The same with a secret id in a wrapping."""
        return {
            **environ,
            "VAULT_SECRET_ID": self.bao.secret_id(self.name, wrap_ttl="60s"),
            "VAULT_SECRET_ID_WRAPPING_PATH": f"auth/{self.name}/role/ci/secret-id",
        }

    def jwt(self) -> dict[str, str]:
        """A role `ci` for tokens of our issuer, and the environment without such a token."""
        self.mount("jwt")
        method = self.bao.client.auth.jwt
        public = ISSUER_KEY.as_pem(private=False).decode()
        method.configure(jwt_validation_pubkeys=[public], path=self.name)
        method.create_role(
            "ci",
            role_type="jwt",
            user_claim="sub",
            allowed_redirect_uris=[],
            bound_audiences=[AUDIENCE],
            token_policies=[self.name],
            path=self.name,
        )
        return self.environ(VAULT_AUTH_ROLE="ci")

    def environ(self, **more: str) -> dict[str, str]:
        return {"VAULT_ADDR": self.bao.url, "VAULT_AUTH_PATH": self.name, **more}

    def read(self, environ: Mapping[str, str]) -> str:
        """The secret, by a run of its own."""
        with Resolver(environ=environ) as resolver:
            return revealed(one(resolver, "vault", self.at("app")))


@pytest.fixture
def place(bao: BaoServer) -> Place:
    return Place(bao, f"place-{uuid.uuid4().hex}")


class Clock:
    """Seconds that pass when the test says so."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def opened() -> Iterator[Callable[[Mapping[str, str], Clock], VaultClient]]:
    with ExitStack() as stack:

        def make(environ: Mapping[str, str], clock: Clock) -> VaultClient:
            surroundings = Surroundings(
                environ=environ, timeout=10, stop=Event(), workers=2, pacing=Pacing()
            )
            client = VaultClient(read_settings(environ), surroundings, clock)
            stack.callback(client.close)
            return client

        yield make


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_versions_of_the_store_are_read_and_told_apart(place: Place, version: str) -> None:
    mount = f"{place.name}/kv{version}"
    client = place.bao.client
    client.sys.enable_secrets_engine("kv", path=mount, options={"version": version})
    path = f"{mount}/app" if version == "1" else f"{mount}/data/app"
    body = {"token": "canary-3"}
    client.adapter.post(f"/v1/{path}", json=body if version == "1" else {"data": body})
    place.bao.allow(place.name, path)
    environ = place.approle()
    with Resolver(environ=environ) as resolver:
        assert revealed(one(resolver, "vault", f"{mount}/app#token")) == "canary-3"


def test_a_namespace_has_secrets_and_logins_of_its_own(place: Place) -> None:
    client = place.bao.client
    client.adapter.post(f"/v1/sys/namespaces/{place.name}", json={})
    inside = {"X-Vault-Namespace": place.name}
    for path, body in (
        ("sys/mounts/team", {"type": "kv", "options": {"version": "2"}}),
        ("team/data/app", {"data": {"token": "canary-of-the-team"}}),
        ("sys/policies/acl/team", {"policy": 'path "team/*" { capabilities = ["read"] }'}),
        ("sys/auth/approle", {"type": "approle"}),
        ("auth/approle/role/ci", {"token_policies": ["team"]}),
    ):
        client.adapter.post(f"/v1/{path}", json=body, headers=inside)
    role = client.adapter.get("/v1/auth/approle/role/ci/role-id", headers=inside)
    made = client.adapter.post("/v1/auth/approle/role/ci/secret-id", json={}, headers=inside)
    environ = {
        "VAULT_ADDR": place.bao.url,
        "VAULT_ROLE_ID": role["data"]["role_id"],
        "VAULT_SECRET_ID": made["data"]["secret_id"],
    }
    with Resolver(environ={**environ, "VAULT_NAMESPACE": place.name}) as resolver:
        assert revealed(one(resolver, "vault", "team/app#token")) == "canary-of-the-team"
    with Resolver(environ=environ) as resolver:
        found = failed(one(resolver, "vault", "team/app#token"))
    assert found.code is Code.SECRET_DENIED
    assert any("set VAULT_NAMESPACE" in line for line in found.help)


def test_a_token_may_be_in_the_file_of_the_cli(place: Place, tmp_path: Path) -> None:
    token = place.bao.client.auth.token.create(policies=[place.name])["auth"]["client_token"]
    (tmp_path / ".vault-token").write_text(token)
    assert place.read({"VAULT_ADDR": place.bao.url, "HOME": str(tmp_path)}) == "canary-1"


def test_a_job_of_gitlab_signs_in_with_its_id_token(place: Place) -> None:
    environ = {**place.jwt(), "VAULT_ID_TOKEN": signed(sub="project_path:acme", aud=AUDIENCE)}
    environ["VAULT_SERVER_URL"] = environ.pop("VAULT_ADDR")
    assert place.read(environ) == "canary-1"


def test_a_job_of_github_signs_in_with_a_token_that_it_asks_for(place: Place) -> None:
    with ScriptedHttp() as github:
        value = signed(sub="repo:acme/tools", aud=AUDIENCE)
        github.on("GET", "/token", Reply(json={"count": 1, "value": value}))
        environ = {
            **place.jwt(),
            "GITHUB_ACTIONS": "true",
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{github.url}/token?api-version=2.0",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "request-canary",
        }
        assert place.read(environ) == "canary-1"


def _kubernetes(
    place: Place, cluster: ScriptedHttp, tmp_path: Path, name: str = "runner"
) -> dict[str, str]:
    """A role for one service account of a cluster, whose API reviews tokens for Vault."""
    place.mount("kubernetes")
    method = place.bao.client.auth.kubernetes
    method.configure(
        kubernetes_host=cluster.url,
        token_reviewer_jwt=signed(sub="reviewer"),
        disable_local_ca_jwt=True,
        kubernetes_ca_cert=Path(Authority.new("cluster").pem(tmp_path)).read_text(),
        mount_point=place.name,
    )
    place.bao.client.adapter.post(
        f"/v1/auth/{place.name}/role/ci",
        json={
            "bound_service_account_names": ["runner"],
            "bound_service_account_namespaces": ["tools"],
            "token_policies": [place.name],
        },
    )
    mounted = tmp_path / "token"
    account = {"namespace": "tools", "serviceaccount": {"name": name, "uid": "1"}}
    token = signed(sub=f"system:serviceaccount:tools:{name}", **{"kubernetes.io": account})
    mounted.write_text(token)
    return place.environ(
        VAULT_AUTH_METHOD="kubernetes",
        VAULT_AUTH_ROLE="ci",
        VAULT_KUBERNETES_TOKEN_FILE=str(mounted),
    )


def _review(*, good: bool = True) -> Reply:
    user = {"username": "system:serviceaccount:tools:runner", "uid": "1", "groups": []}
    status = {"authenticated": True, "user": user} if good else {"error": "token is not good"}
    kind = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview"}
    return Reply(status=201, json={**kind, "status": status})


REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


def test_a_pod_signs_in_with_its_service_account(place: Place, tmp_path: Path) -> None:
    with ScriptedHttp() as cluster:
        cluster.on("POST", REVIEWS, _review())
        assert place.read(_kubernetes(place, cluster, tmp_path)) == "canary-1"


@pytest.mark.parametrize(
    ("account", "good", "why"),
    [("somebody", True, "the role isn't for this token"), ("runner", False, "denies the login")],
    ids=["another account", "a token that the cluster doesn't know"],
)
def test_a_pod_that_the_role_is_not_for_is_denied(
    place: Place, tmp_path: Path, account: str, good: bool, why: str
) -> None:
    with ScriptedHttp() as cluster:
        cluster.on("POST", REVIEWS, _review(good=good))
        environ = _kubernetes(place, cluster, tmp_path, account)
        with Resolver(environ=environ) as resolver:
            found = failed(one(resolver, "vault", place.at("app")))
    assert found.code is Code.SECRET_DENIED
    assert why in found.message


def test_a_wrapped_secret_id_signs_in_and_a_second_opening_is_an_alarm(place: Place) -> None:
    environ = place.wrapped(place.approle())
    assert place.read(environ) == "canary-1"
    with Resolver(environ=environ) as resolver:
        found = failed(one(resolver, "vault", place.at("app")))
    assert "treat it as stolen" in " ".join(found.help)


def test_a_secret_id_that_was_wrapped_elsewhere_is_not_opened(place: Place) -> None:
    environ = place.wrapped(place.approle())
    forged = {**environ, "VAULT_SECRET_ID_WRAPPING_PATH": "auth/approle/role/ci/secret-id"}
    with Resolver(environ=forged) as resolver:
        found = failed(one(resolver, "vault", place.at("app")))
    assert "treat it as forged" in " ".join(found.help)
    assert place.read(environ) == "canary-1"


def test_a_token_that_a_login_gave_is_given_back(place: Place) -> None:
    with Resolver(environ=place.approle()) as resolver:
        revealed(one(resolver, "vault", place.at("app")))
        assert len(place.bao.tokens(place.name)) == 1
    assert place.bao.tokens(place.name) == []


def test_a_token_that_is_revoked_in_mid_run_is_got_again(place: Place) -> None:
    with Resolver(environ=place.approle()) as resolver:
        assert revealed(one(resolver, "vault", place.at("app"))) == "canary-1"
        before = place.bao.tokens(place.name)
        place.bao.client.auth.token.revoke_accessor(before[0]["accessor"])
        assert revealed(one(resolver, "vault", place.at("other"))) == "canary-2"
        after = place.bao.tokens(place.name)
        assert [each["accessor"] for each in after] != [each["accessor"] for each in before]


def test_a_role_that_is_gone_when_the_token_is_revoked_is_told(place: Place) -> None:
    with Resolver(environ=place.approle()) as resolver:
        assert revealed(one(resolver, "vault", place.at("app"))) == "canary-1"
        place.bao.client.adapter.delete(f"/v1/sys/auth/{place.name}")
        found = failed(one(resolver, "vault", place.at("other")))
    assert found.code is Code.SECRET_DENIED
    assert f"auth/{place.name}" in found.message


def test_a_lease_that_nears_its_end_is_renewed(
    place: Place, opened: Callable[[Mapping[str, str], Clock], VaultClient]
) -> None:
    clock = Clock()
    client = opened(place.approle(token_ttl="10m"), clock)
    assert client.read_v2("secret", f"{place.name}/app").status == 200
    (before,) = place.bao.tokens(place.name)
    clock.now += 500
    assert client.read_v2("secret", f"{place.name}/app").status == 200
    (after,) = place.bao.tokens(place.name)
    assert after["accessor"] == before["accessor"]
    assert ("last_renewal_time" in before, "last_renewal_time" in after) == (False, True)


def test_a_token_that_can_t_be_renewed_is_got_again(
    place: Place, opened: Callable[[Mapping[str, str], Clock], VaultClient]
) -> None:
    clock = Clock()
    environ = place.approle(token_ttl="10m", token_type="batch")
    client = opened(environ, clock)
    assert client.read_v2("secret", f"{place.name}/app").status == 200
    place.bao.client.auth.approle.delete_role("ci", mount_point=place.name)
    assert client.read_v2("secret", f"{place.name}/app").status == 200
    clock.now += 500
    with pytest.raises(Trouble, match="refused the AppRole login"):
        client.read_v2("secret", f"{place.name}/app")


def test_a_path_that_no_policy_grants_is_denied_and_the_policy_path_named(place: Place) -> None:
    with Resolver(environ=place.approle()) as resolver:
        found = failed(one(resolver, "vault", "secret/of-others/app#token"))
    assert found.code is Code.SECRET_DENIED
    assert "secret/data/of-others/app" in everything_said(found)


def test_a_sealed_vault_is_named(place: Place) -> None:
    environ = {**place.environ(), **place.bao.environ}
    place.bao.client.adapter.put("/v1/sys/seal")
    try:
        with Resolver(environ=environ, pacing=Pacing(attempts=1)) as resolver:
            found = failed(one(resolver, "vault", place.at("app")))
    finally:
        place.bao.client.sys.submit_unseal_key(place.bao.unseal_key)
    assert found.code is Code.SECRET_UNREACHABLE
    assert "sealed" in found.message
    assert place.read(environ) == "canary-1"


def _mutual(place: Place, signer: Authority, folder: Path) -> dict[str, str]:
    """The environment that shows a certificate of this signer at the port that wants one."""
    certificate, key = signer.issue(folder, "runner")
    return {
        **place.bao.environ,
        "VAULT_ADDR": place.bao.tls_url,
        "VAULT_CACERT": place.bao.authority.pem(folder),
        "VAULT_CLIENT_CERT": certificate,
        "VAULT_CLIENT_KEY": key,
    }


def test_a_client_certificate_is_shown_to_a_server_that_wants_one(
    place: Place, tmp_path: Path
) -> None:
    assert place.read(_mutual(place, place.bao.authority, tmp_path)) == "canary-1"


@pytest.mark.parametrize("shown", ["none", "another authority's"])
def test_a_server_that_wants_another_client_certificate_refuses(
    place: Place, tmp_path: Path, shown: str
) -> None:
    environ = _mutual(place, Authority.new("somebody"), tmp_path)
    if shown == "none":
        del environ["VAULT_CLIENT_CERT"], environ["VAULT_CLIENT_KEY"]
    with Resolver(environ=environ, pacing=Pacing(first=0.001)) as resolver:
        found = failed(one(resolver, "vault", place.at("app")))
    assert found.code is Code.SECRET_UNREACHABLE
    assert "wants another TLS client certificate" in found.message
    assert "VAULT_CLIENT_CERT" in " ".join(found.help)
    assert "canary" not in everything_said(found)
