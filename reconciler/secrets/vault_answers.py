"""What Vault's answers mean: where a mount is, what a path holds, why there is nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.diagnostics import Code
from reconciler.secrets.keys import hidden
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_settings import VaultSettings
from reconciler.secrets.vault_wire import Answer

_KV_ENGINES = frozenset({"kv", "generic", "cubbyhole"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """A KV mount and its version, 1 or 2."""

    path: str
    version: int


def parse_mount(answer: Answer, path: str) -> Mount:
    """The mount that `path` lies in. Raises Trouble when it is no KV store."""
    data = _mapping(answer.body, "data")
    found = str(data.get("path", "")).strip("/") if data else ""
    if data is None or not found or not f"{path}/".startswith(f"{found}/"):
        raise _not_vault()
    if found == path:
        raise Trouble(
            Code.SECRET_MALFORMED, "names a mount and no path in it", "write `mount/path#key`"
        )
    engine = data.get("type", "kv")
    if engine not in _KV_ENGINES:
        raise Trouble(
            Code.SECRET_MALFORMED,
            "is not in a KV store: its mount belongs to another secrets engine",
            "only KV version 1 and 2 can be read; copy the secret into a KV mount",
        )
    options = _mapping(data, "options") or {}
    return Mount(path=found, version=2 if str(options.get("version")) == "2" else 1)


def contents(
    answer: Answer, version: int, policy_path: str, settings: VaultSettings
) -> Mapping[str, Secret | str]:
    """The secret's keys, values hidden; for a value that is no text, the name of its type.

    `policy_path` is the path that a policy must grant. Raises Trouble for an answer that
    holds no secret.
    """
    match answer.status:
        case 200:
            data = version_data(answer) if version == 2 else _mapping(answer.body, "data")
            if data is None:
                raise _not_vault()
            return {key: hidden(value) for key, value in data.items()}
        case 401 | 403:
            raise Trouble(
                Code.SECRET_DENIED,
                f"can't be read: Vault at {settings.origin} denies it ({answer.status})",
                f"check that the token of {settings.login.described} is still valid and that a "
                f"policy of it grants `read` on `{policy_path}`",
                _namespace_advice(settings),
            )
        case 404:
            raise _missing(answer, policy_path, settings)
        case status:
            raise Trouble(
                Code.SECRET_UNREACHABLE,
                f"can't be read: Vault at {settings.origin} refused the request ({status})",
                "check the path, and that VAULT_ADDR is the address of a Vault server",
            )


def _missing(answer: Answer, policy_path: str, settings: VaultSettings) -> Trouble:
    ended = how_it_ended(answer)
    if ended:
        return Trouble(
            Code.SECRET_MISSING,
            f"is missing: its latest version was {ended}",
            "write a new version"
            + (", or undelete it (`vault kv undelete`)" if ended == "deleted" else ""),
        )
    advice = "check the mount and the path (`vault kv get` takes the same path)"
    if "/data/data/" in policy_path:
        advice = "leave `data/` out of the path; it is added for KV version 2"
    return Trouble(
        Code.SECRET_MISSING,
        f"is missing: Vault at {settings.origin} has nothing at this path",
        advice,
        _namespace_advice(settings),
    )


def _namespace_advice(settings: VaultSettings) -> str:
    if settings.namespace is None:
        return "no namespace was used; set VAULT_NAMESPACE if the mount is in one"
    return f"the namespace was `{settings.namespace}` (VAULT_NAMESPACE)"


def version_data(answer: Answer) -> Mapping[str, Any] | None:
    """The keys of a KV version 2 answer; None when it isn't one."""
    outer = _mapping(answer.body, "data")
    return _mapping(outer, "data") if _mapping(outer, "metadata") is not None else None


def version_number(answer: Answer) -> int:
    """The latest version of a KV version 2 secret, deleted or not; 0 when nobody has written one.

    It is what `VaultClient.write_v2` takes as `cas`.
    """
    metadata = _mapping(_mapping(answer.body, "data"), "metadata") or {}
    number = metadata.get("version")
    return number if isinstance(number, int) and not isinstance(number, bool) else 0


def how_it_ended(answer: Answer) -> str:
    """How the latest version ended, from the metadata that Vault sends with its 404."""
    metadata = _mapping(_mapping(answer.body, "data"), "metadata")
    if answer.status != 404 or metadata is None:
        return ""
    return "destroyed" if metadata.get("destroyed") is True else "deleted"


def _mapping(value: Mapping[str, Any] | None, key: str) -> Mapping[str, Any] | None:
    found = value.get(key) if value is not None else None
    return found if isinstance(found, dict) else None


def _not_vault() -> Trouble:
    return Trouble(
        Code.SECRET_MALFORMED,
        "can't be read: the answer is not that of a KV store",
        "check that VAULT_ADDR is the address of a Vault server and the mount a KV store",
    )
