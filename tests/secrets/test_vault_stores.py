"""Where a Vault secret is found: versions, mounts, namespaces, and how few calls it takes."""

from collections.abc import Callable

import pytest

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver
from tests.parts.vault_fake import Mount, VaultFake
from tests.secrets.outcomes import failed, one, revealed

Make = Callable[..., Resolver]
PREFLIGHT = "/v1/sys/internal/ui/mounts/"


def test_version_1_is_told_apart_from_version_2(vault: VaultFake, resolver: Make) -> None:
    vault.put("kv1/app", {"token": "canary-1"})
    vault.put("secret/app", {"token": "canary-2"})
    shared = resolver()
    assert revealed(one(shared, "vault", "kv1/app#token")) == "canary-1"
    assert revealed(one(shared, "vault", "secret/app#token")) == "canary-2"


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("preflight", ["denied", "absent"])
def test_without_the_preflight_both_versions_are_tried(
    vault: VaultFake, resolver: Make, preflight: str, version: int
) -> None:
    vault.preflight = preflight
    vault.mounts["team"] = Mount(version=version)
    vault.put("team/app", {"token": "canary-1"})
    assert revealed(one(resolver(), "vault", "team/app#token")) == "canary-1"


def test_a_mount_found_without_the_preflight_is_not_searched_for_again(
    vault: VaultFake, resolver: Make
) -> None:
    vault.preflight = "denied"
    shared = resolver()
    for name in ("first", "second"):
        vault.put(f"secret/{name}", {"token": "canary"})
        assert revealed(one(shared, "vault", f"secret/{name}#token")) == "canary"
    assert vault.paths() == [
        f"{PREFLIGHT}secret/first",
        "/v1/secret/data/first",
        "/v1/secret/data/second",
    ]


@pytest.mark.parametrize("preflight", ["denied", "absent"])
def test_without_the_preflight_an_absent_path_is_missing(
    vault: VaultFake, resolver: Make, preflight: str
) -> None:
    vault.preflight = preflight
    assert failed(one(resolver(), "vault", "secret/app#token")).code is Code.SECRET_MISSING


def test_without_the_preflight_a_deleted_version_is_still_told(
    vault: VaultFake, resolver: Make
) -> None:
    vault.preflight = "denied"
    vault.put("secret/app", {"token": "canary-1"})
    vault.mounts["secret"].secrets["app"][-1].deleted = True
    found = failed(one(resolver(), "vault", "secret/app#token"))
    assert "its latest version was deleted" in found.message


@pytest.mark.parametrize("version", [1, 2])
def test_a_mount_with_slashes_in_its_name_is_found(
    vault: VaultFake, resolver: Make, version: int
) -> None:
    vault.mounts["teams/platform/kv"] = Mount(version=version)
    vault.put("teams/platform/kv/mcp/github", {"token": "canary-1"})
    assert revealed(one(resolver(), "vault", "teams/platform/kv/mcp/github#token")) == "canary-1"


def test_a_namespace_is_sent(vault: VaultFake, resolver: Make) -> None:
    vault.mounts["team-a/secret"] = Mount(version=2)
    vault.put("team-a/secret/app", {"token": "canary-a"})
    vault.put("secret/app", {"token": "canary-root"})
    inside = resolver(environ={"VAULT_NAMESPACE": "team-a"})
    assert revealed(one(inside, "vault", "secret/app#token")) == "canary-a"
    assert {received.namespace for received in vault.requests} == {"team-a"}


def test_an_absent_path_in_a_namespace_names_the_namespace(
    vault: VaultFake, resolver: Make
) -> None:
    vault.mounts["team-a/secret"] = Mount(version=2)
    inside = resolver(environ={"VAULT_NAMESPACE": "team-a"})
    found = failed(one(inside, "vault", "secret/app#token"))
    assert "the namespace was `team-a` (VAULT_NAMESPACE)" in found.help


def test_a_policy_on_the_data_path_is_enough(vault: VaultFake, resolver: Make) -> None:
    vault.put("secret/app", {"token": "canary-1"})
    vault.policies["limited"] = ("secret/data/app",)
    limited = resolver(environ={"VAULT_TOKEN": "limited"})
    assert revealed(one(limited, "vault", "secret/app#token")) == "canary-1"


def test_a_path_that_no_policy_grants_is_denied_and_the_policy_path_named(
    vault: VaultFake, resolver: Make
) -> None:
    vault.put("secret/app", {"token": "canary-1"})
    vault.policies["limited"] = ("secret/data/other",)
    limited = resolver(environ={"VAULT_TOKEN": "limited"})
    found = failed(one(limited, "vault", "secret/app#token"))
    assert found.code is Code.SECRET_DENIED
    assert "`read` on `secret/data/app`" in found.help[0]


def test_a_path_is_read_once_however_many_of_its_keys_are_asked_for(
    vault: VaultFake, resolver: Make
) -> None:
    vault.put("secret/app", {f"key{number}": f"canary-{number}" for number in range(40)})
    shared = resolver()
    found = shared.resolve(SecretRef("vault", f"secret/app#key{number}") for number in range(40))
    assert {revealed(value) for value in found.values()} == {
        f"canary-{number}" for number in range(40)
    }
    assert failed(one(shared, "vault", "secret/app#absent")).code is Code.SECRET_MISSING
    assert vault.paths().count("/v1/secret/data/app") == 1


def test_a_known_mount_is_not_asked_for_again(vault: VaultFake, resolver: Make) -> None:
    shared = resolver(workers=1)
    for number in range(5):
        vault.put(f"secret/app{number}", {"token": "canary"})
    shared.resolve(SecretRef("vault", f"secret/app{number}#token") for number in range(5))
    assert len([path for path in vault.paths() if path.startswith(PREFLIGHT)]) == 1


def test_all_paths_share_one_client_and_its_connection(vault: VaultFake, resolver: Make) -> None:
    for number in range(5):
        vault.put(f"secret/app{number}", {"token": "canary"})
    shared = resolver(workers=1)
    shared.resolve(SecretRef("vault", f"secret/app{number}#token") for number in range(5))
    assert len({received.connection for received in vault.requests}) == 1


def test_another_secrets_engine_is_refused_without_reading_from_it(
    vault: VaultFake, resolver: Make
) -> None:
    vault.mounts["database"] = Mount(version=1, engine="database")
    vault.put("database/creds/app", {"password": "canary-1"})
    found = failed(one(resolver(), "vault", "database/creds/app#password"))
    assert found.code is Code.SECRET_MALFORMED
    assert "another secrets engine" in found.message
    assert vault.paths() == [f"{PREFLIGHT}database/creds/app"]


def test_a_mount_without_a_path_is_malformed(vault: VaultFake, resolver: Make) -> None:
    vault.mounts["teams/platform"] = Mount(version=2)
    found = failed(one(resolver(), "vault", "teams/platform#token"))
    assert found.code is Code.SECRET_MALFORMED
    assert "names a mount and no path in it" in found.message


@pytest.mark.parametrize(
    "locator",
    ["", "secret", "secret/app", "secret#token", "#token", "secret/app#", "/secret/app#token",
     "secret/app/#token", "secret//app#token", "secret/../sys/health#token", "secret/./app#token",
     "sys/health#token", "auth/token/lookup-self#id", "identity/entity#id", "secret/a b#token",
     "secret/app#a#b", "secret/app\n#token", "secret/\udcff#token", "secret/a\x00b#token"],
)  # fmt: skip
def test_what_is_no_place_in_a_store_is_malformed_and_never_asked_for(
    vault: VaultFake, resolver: Make, locator: str
) -> None:
    found = failed(one(resolver(), "vault", locator))
    assert found.code is Code.SECRET_MALFORMED
    assert "`mount/path#key`" in found.message
    assert vault.requests == []


@pytest.mark.parametrize("name", ["a?b=c", "a%2e%2e", "a&b", "a;b", "ü", "..a", "a+b"])
def test_a_name_with_odd_characters_reaches_vault_as_written(
    vault: VaultFake, resolver: Make, name: str
) -> None:
    vault.put(f"secret/{name}", {"token": "canary-1"})
    assert revealed(one(resolver(), "vault", f"secret/{name}#token")) == "canary-1"
