"""What holds for any Vault: run against our fake, and against a real server.

The fake is ours, so on its own it proves little about Vault. The real one is OpenBao, where the
same tests write below a random path of the mount `secret` (KV version 2).
"""

import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from threading import Event
from typing import Any

import hvac
import pytest
from joserfc.jwk import ECKey

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets import Pacing, Resolver, Secret, Surroundings
from reconciler.secrets.vault import VaultBackend
from reconciler.secrets.vault_client import VaultClient
from reconciler.secrets.vault_faults import VaultConflict
from reconciler.secrets.vault_settings import read_settings
from tests.parts.vault_auth_fake import ISSUER_KEY, AppRole, JwtRole, signed
from tests.parts.vault_fake import VaultFake
from tests.secrets.outcomes import failed, one, revealed


@dataclass
class Server:
    """A server, a client of it to write with, and a place of our own in it."""

    environ: Mapping[str, str]
    client: hvac.Client
    place: str
    fake: VaultFake | None

    def write(self, name: str, **data: Any) -> None:
        self.client.secrets.kv.v2.create_or_update_secret(f"{self.place}/{name}", data)

    def approle(self, stack: ExitStack) -> dict[str, str]:
        """The environment that signs in by a role of ours, which may do everything here."""
        if self.fake is not None:
            role = AppRole(role_id="role", secret_ids={"canary-id": 0})
            self.fake.auth.approle[self.place] = [role]
            sign_in = {"VAULT_ROLE_ID": "role", "VAULT_SECRET_ID": "canary-id"}
        else:
            sign_in = self._real_approle(stack)
        return {**self.environ, "VAULT_TOKEN": "", "VAULT_AUTH_PATH": self.place, **sign_in}

    def jwt(self, stack: ExitStack, key: ECKey = ISSUER_KEY, /, **claims: Any) -> dict[str, str]:
        """The environment that signs in with a token of our issuer, to the role `ci`.

        The role is for one audience and one branch; `claims` are what differs from them.
        """
        if self.fake is not None:
            self.fake.auth.jwt[self.place] = {
                "ci": JwtRole(
                    bound_audiences=["https://ours.example"], bound_claims={"ref": "main"}
                )
            }
        else:
            self._mount("jwt", stack)
            method = self.client.auth.jwt
            public = ISSUER_KEY.as_pem(private=False).decode()
            method.configure(jwt_validation_pubkeys=[public], path=self.place)
            method.create_role(
                "ci",
                role_type="jwt",
                user_claim="sub",
                allowed_redirect_uris=[],
                bound_claims={"ref": "main"},
                bound_audiences=["https://ours.example"],
                token_policies=[self.place],
                path=self.place,
            )
        return {
            **self.environ,
            "VAULT_TOKEN": "",
            "VAULT_AUTH_PATH": self.place,
            "VAULT_AUTH_ROLE": "ci",
            "VAULT_ID_TOKEN": signed(
                key, **{"sub": "job", "aud": "https://ours.example", "ref": "main"} | claims
            ),
        }

    def _real_approle(self, stack: ExitStack) -> dict[str, str]:
        self._mount("approle", stack)
        method = self.client.auth.approle
        method.create_or_update_approle("ci", token_policies=[self.place], mount_point=self.place)
        role = method.read_role_id("ci", mount_point=self.place)
        secret = method.generate_secret_id("ci", mount_point=self.place)
        return {
            "VAULT_ROLE_ID": role["data"]["role_id"],
            "VAULT_SECRET_ID": secret["data"]["secret_id"],
        }

    def _mount(self, method: str, stack: ExitStack) -> None:
        """An auth method at a path of our own, and a policy for what is ours."""
        allowed = '{ capabilities = ["create", "update", "read"] }'
        policy = f'path "secret/data/{self.place}/*" {allowed}'
        self.client.sys.create_or_update_policy(self.place, policy)
        stack.callback(self.client.sys.delete_policy, self.place)
        self.client.sys.enable_auth_method(method, path=self.place)
        stack.callback(self.client.sys.disable_auth_method, self.place)

    def locator(self, name: str, key: str) -> str:
        return f"secret/{self.place}/{name}#{key}"


@pytest.fixture(params=["fake", "real"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with ExitStack() as stack:
        if request.param == "real":
            environ: Mapping[str, str] = request.getfixturevalue("bao").environ
            fake = None
        else:
            fake = stack.enter_context(VaultFake())
            environ = fake.environ
        client = hvac.Client(
            url=environ["VAULT_ADDR"],
            token=environ["VAULT_TOKEN"],
            allow_redirects=False,
        )
        stack.callback(client.adapter.close)
        found = Server(environ, client, f"reconciler-test-{uuid.uuid4()}", fake)
        yield found


@pytest.fixture
def resolver(server: Server) -> Iterator[Resolver]:
    with Resolver(environ=server.environ) as resolver:
        yield resolver


def test_a_key_of_a_secret_is_read(server: Server, resolver: Resolver) -> None:
    server.write("app", token="canary-1", other="canary-2")
    assert revealed(one(resolver, "vault", server.locator("app", "token"))) == "canary-1"


def test_several_keys_and_paths_are_read_together(server: Server, resolver: Resolver) -> None:
    server.write("app", token="canary-1", client_secret="canary-2")
    server.write("other", token="canary-3")
    wanted = [
        SecretRef("vault", server.locator(*place))
        for place in [("app", "token"), ("app", "client_secret"), ("other", "token")]
    ]
    found = resolver.resolve(wanted)
    assert [revealed(found[reference]) for reference in wanted] == [
        "canary-1",
        "canary-2",
        "canary-3",
    ]


def test_the_latest_version_counts(server: Server, resolver: Resolver) -> None:
    server.write("app", token="canary-1")
    server.write("app", token="canary-2")
    assert revealed(one(resolver, "vault", server.locator("app", "token"))) == "canary-2"


def test_a_path_beyond_ascii_is_read(server: Server, resolver: Resolver) -> None:
    server.write("données", token="canary-1")
    assert revealed(one(resolver, "vault", server.locator("données", "token"))) == "canary-1"


def test_an_absent_path_is_missing(server: Server, resolver: Resolver) -> None:
    found = failed(one(resolver, "vault", server.locator("absent", "token")))
    assert found.code is Code.SECRET_MISSING
    assert "has nothing at this path" in found.message
    assert server.locator("absent", "token") in found.message


def test_an_absent_key_is_missing_and_the_others_are_only_counted(
    server: Server, resolver: Resolver
) -> None:
    server.write("app", canary_name="canary-1", canary_other="canary-2")
    found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_MISSING
    assert "the path has 2 keys, and none of that name" in found.message
    assert "canary" not in repr(found)


def test_a_deleted_version_is_missing_and_said_to_be_deleted(
    server: Server, resolver: Resolver
) -> None:
    server.write("app", token="canary-1")
    server.client.secrets.kv.v2.delete_latest_version_of_secret(f"{server.place}/app")
    found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_MISSING
    assert "its latest version was deleted" in found.message


def test_a_destroyed_version_is_missing_and_said_to_be_destroyed(
    server: Server, resolver: Resolver
) -> None:
    server.write("app", token="canary-1")
    server.client.secrets.kv.v2.destroy_secret_versions(f"{server.place}/app", [1])
    found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_MISSING
    assert "its latest version was destroyed" in found.message


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (4711, "a number"),
        (1.5, "a number"),
        (True, "a boolean"),
        (None, "null"),
        (["canary"], "a list"),
        ({"canary": "canary"}, "an object"),
    ],
)
def test_a_value_that_is_no_text_is_malformed_and_its_type_is_named(
    server: Server, resolver: Resolver, value: object, kind: str
) -> None:
    server.write("app", token=value)
    found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_MALFORMED
    assert f"is {kind}, not text" in found.message
    assert "canary" not in repr(found)
    assert "4711" not in repr(found)


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_a_blank_value_is_empty(server: Server, resolver: Resolver, value: str) -> None:
    server.write("app", token=value)
    found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_EMPTY


def test_a_value_with_a_line_break_is_malformed(server: Server, resolver: Resolver) -> None:
    server.write("app", token="canary\nmore")
    found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_MALFORMED
    assert "canary" not in repr(found)


def test_a_wrong_token_is_denied_and_not_quoted(server: Server) -> None:
    server.write("app", token="canary-1")
    wrong = {**server.environ, "VAULT_TOKEN": "hvs.wrong-canary"}
    with Resolver(environ=wrong) as resolver:
        found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_DENIED
    assert any("VAULT_TOKEN" in line for line in found.help)
    assert "canary" not in repr(found)


def test_the_api_s_own_path_is_missing_and_explained(server: Server, resolver: Resolver) -> None:
    server.write("app", token="canary-1")
    found = failed(one(resolver, "vault", f"secret/data/{server.place}/app#token"))
    assert found.code is Code.SECRET_MISSING
    assert "leave `data/` out" in found.help[0]


def test_an_approle_signs_in(server: Server) -> None:
    server.write("app", token="canary-1")
    with ExitStack() as stack:
        resolver = stack.enter_context(Resolver(environ=server.approle(stack)))
        assert revealed(one(resolver, "vault", server.locator("app", "token"))) == "canary-1"


def test_a_signed_token_of_an_issuer_signs_in(server: Server) -> None:
    server.write("app", token="canary-1")
    with ExitStack() as stack:
        resolver = stack.enter_context(Resolver(environ=server.jwt(stack)))
        assert revealed(one(resolver, "vault", server.locator("app", "token"))) == "canary-1"


@pytest.mark.parametrize(
    ("key", "claims", "why"),
    [
        (ISSUER_KEY, {"aud": "https://other.example"}, "doesn't take tokens for this audience"),
        (ISSUER_KEY, {"ref": "topic"}, "the role isn't for this token"),
        (ISSUER_KEY, {"exp": int(time.time()) - 3600}, "the token has ended"),
        (ISSUER_KEY, {"nbf": int(time.time()) + 3600}, "the token isn't valid yet"),
        (ECKey.generate_key("P-256"), {}, "can't verify the token's signature"),
    ],
    ids=["audience", "claims", "end", "beginning", "signature"],
)
def test_a_signed_token_that_the_role_is_not_for_is_denied_with_the_reason(
    server: Server, key: ECKey, claims: Mapping[str, Any], why: str
) -> None:
    with ExitStack() as stack:
        environ = server.jwt(stack, key, **claims)
        resolver = stack.enter_context(Resolver(environ=environ))
        found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_DENIED
    assert why in found.message
    assert environ["VAULT_ID_TOKEN"].split(".")[2] not in repr(found)


def test_a_role_that_is_not_there_is_denied_with_the_reason(server: Server) -> None:
    with ExitStack() as stack:
        environ = {**server.jwt(stack), "VAULT_AUTH_ROLE": "absent"}
        resolver = stack.enter_context(Resolver(environ=environ))
        found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_DENIED
    assert "it knows no such role" in found.message


def test_a_login_where_nothing_is_mounted_is_denied_and_says_where_to_look(server: Server) -> None:
    with ExitStack() as stack:
        environ = {**server.jwt(stack), "VAULT_AUTH_PATH": "nothing/here"}
        resolver = stack.enter_context(Resolver(environ=environ))
        found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_DENIED
    assert any("VAULT_AUTH_PATH to where the method is mounted" in line for line in found.help)


def test_a_wrong_secret_id_is_denied_with_the_reason(server: Server) -> None:
    with ExitStack() as stack:
        environ = {**server.approle(stack), "VAULT_SECRET_ID": "wrong-canary"}
        resolver = stack.enter_context(Resolver(environ=environ))
        found = failed(one(resolver, "vault", server.locator("app", "token")))
    assert found.code is Code.SECRET_DENIED
    assert "its secret id is wrong" in found.message
    assert "canary" not in repr(found)


def test_a_write_counts_the_versions_and_refuses_upon_another_one(server: Server) -> None:
    with ExitStack() as stack:
        surroundings = Surroundings(
            environ=server.approle(stack), timeout=10, stop=Event(), workers=1, pacing=Pacing()
        )
        client = VaultClient(read_settings(surroundings.environ), surroundings)
        stack.callback(client.close)
        path, data = f"{server.place}/app", {"token": Secret("canary-1")}
        assert [client.write_v2("secret", path, data, number) for number in (0, 1)] == [1, 2]
        with pytest.raises(VaultConflict):
            client.write_v2("secret", path, data, 1)


def test_a_path_is_read_with_its_version_and_written_where_that_is_the_latest(
    server: Server,
) -> None:
    with ExitStack() as stack:
        backend = VaultBackend(
            Surroundings(
                environ=server.approle(stack), timeout=10, stop=Event(), workers=1, pacing=Pacing()
            )
        )
        stack.callback(backend.close)
        path = f"secret/{server.place}/kept"
        assert backend.latest(path) == (None, 0)
        assert backend.write(path, {"a": Secret("canary-1"), "b": Secret("canary-2")}, 0) == 1
        found, version = backend.latest(path)
        assert found is not None
        assert (sorted(found), version) == (["a", "b"], 1)
        server.write("kept", a="canary-3", count=7)
        with pytest.raises(VaultConflict):
            backend.write(path, {"a": Secret("canary-4")}, 1)
        found, version = backend.latest(path)
        assert found is not None
        assert isinstance(found["count"], str), "the name of its type"
        assert version == 2
        server.client.secrets.kv.v2.delete_latest_version_of_secret(f"{server.place}/kept")
        assert backend.latest(path) == (None, 2)
        assert backend.policy_path(path) == f"secret/data/{server.place}/kept"
