"""Why Vault refused a login, from the sentences that it is known to say; none is repeated."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_proofs import denied
from reconciler.secrets.vault_settings import VaultSettings
from reconciler.secrets.vault_wire import Answer


@dataclass(frozen=True, slots=True)
class _Known:
    phrases: tuple[str, ...]
    why: str
    advice: str


_KNOWN = (
    _Known(
        ("audience",),
        "it doesn't take tokens for this audience",
        "make the audience one of the role's `bound_audiences`: VAULT_AUTH_AUDIENCE in GitHub "
        "Actions, `aud` of `id_tokens` in GitLab",
    ),
    _Known(
        ("expired", "exp claim"), "the token has ended", "get a fresh one, and check the clocks"
    ),
    _Known(
        ("not yet valid", "not before"),
        "the token isn't valid yet",
        "check the clocks; without `nbf` and `iat`, Vault counts back from the token's end",
    ),
    _Known(
        ("signature", "verifying", "issuer"),
        "it can't verify the token's signature or issuer",
        "check the keys and `bound_issuer` in the configuration of the mount",
    ),
    _Known(
        ("claim", "subject", "not authorized"),
        "the role isn't for this token",
        "compare the role's bound subject, claims or service accounts with the token's",
    ),
    _Known(
        ("could not be found", "invalid role name", "missing role"),
        "it knows no such role",
        "check VAULT_AUTH_ROLE and VAULT_AUTH_PATH",
    ),
    _Known(
        ("role id", "secret id", "role or secret"),
        "it doesn't know the role id, or its secret id is wrong, used up or has ended",
        "make a new secret id (`vault write -f auth/approle/role/NAME/secret-id`)",
    ),
    # What it says to whoever has no token and asks at a path that is no login.
    _Known(
        ("permission denied",),
        "it denies the login, as it does where no such method is mounted",
        "set VAULT_AUTH_PATH to where the method is mounted; if it is, look at Vault's logs",
    ),
)
"""Phrases of Vault's own plugins (jwt, kubernetes, approle), what they mean, what to do."""
_SHOWN = ("iss", "aud", "sub")


def refused(settings: VaultSettings, answer: Answer, jwt: Secret | None) -> Trouble:
    """Why a login failed, and what its token says of itself (never its signature)."""
    where = settings.login.described
    namespace = (
        "no namespace was used; set VAULT_NAMESPACE if the mount is in one"
        if settings.namespace is None
        else f"the namespace was `{settings.namespace}` (VAULT_NAMESPACE)"
    )
    errors = answer.body.get("errors") if answer.body is not None else None
    said = " ".join(text for text in errors if isinstance(text, str)).lower() if errors else ""
    if answer.status == 404 or "no handler for route" in said or "unsupported path" in said:
        return denied(
            f"Vault at {settings.origin} has nothing to sign in to ({where})",
            "set VAULT_AUTH_PATH to where the method is mounted",
            namespace,
        )
    otherwise = _Known((), f"it denies the login ({answer.status})", "look at its logs")
    known = next((one for one in _KNOWN if any(p in said for p in one.phrases)), otherwise)
    return denied(
        f"Vault at {settings.origin} refused {where}: {known.why}",
        known.advice,
        *(() if jwt is None else _claims(jwt)),
        namespace,
    )


def unwrapping_refused(status: int) -> Trouble:
    """A wrapping token that gives nothing."""
    return denied(
        f"the secret id can't be taken out of its wrapping ({status})",
        "it was unwrapped before or has ended; when nobody here did that, treat it as stolen",
    )


def _claims(jwt: Secret) -> tuple[str, ...]:
    """Issuer, audience and subject: what a role is bound to, and no key to anything."""
    claims = _payload(jwt)
    shown = [f"{name} `{_plain(claims[name])}`" for name in _SHOWN if claims.get(name)]
    return (f"the token says: {', '.join(shown)}",) if shown else ()


def _payload(jwt: Secret) -> Mapping[str, Any]:
    parts = jwt.reveal().split(".")
    try:
        found = json.loads(urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, IndexError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _plain(value: object) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return "".join(char for char in text if char.isprintable() and char != "`")[:200]
