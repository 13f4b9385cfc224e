"""The auth methods of our fake Vault: approle, jwt, kubernetes, tokens with leases, wrapping.

Written from Vault's API documentation, like the rest of the fake. JWTs are really signed and really
checked (joserfc): signature, end, audience, subject, claims. Errors are the sentences that Vault's
plugins say, since what we tell the user is read from them.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

ISSUER_KEY = ECKey.generate_key("P-256")
"""Signs the tokens of the issuer that the fake trusts; made anew for each run."""


def signed(key: ECKey = ISSUER_KEY, /, **claims: Any) -> str:
    """A JWT of the issuer, which ends in a day unless `exp` says otherwise."""
    now = int(time.time())
    whole = {"iss": "https://ci.example", "iat": now - 60, "exp": now + 86_400, **claims}
    return jwt.encode({"alg": "ES256"}, whole, key)


@dataclass(kw_only=True)
class JwtRole:
    """A role of a jwt mount, as Vault keeps it."""

    bound_audiences: Sequence[str] = ()
    bound_subject: str = ""
    bound_claims: Mapping[str, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class AppRole:
    """A role of an approle mount; each secret id counts down, 0 is without limit."""

    role_id: str
    secret_ids: dict[str, int]


@dataclass(kw_only=True)
class Lease:
    """What a token that a login gave is worth."""

    ttl: int
    renewable: bool
    revoked: bool = False
    renewals: int = 0


class AuthFake:
    """What is below `auth/` and `sys/wrapping/`.

    `jwt` maps a mount (behind its namespace) to its roles, also for Kubernetes, which speaks the
    same; `default_role` is that of every one of them. `mute` denies tokens to look at themselves.
    `ttl`, `renewable` and `token_type` are what logins give; `leases` is what they gave, and
    `policies` what its tokens may read. `renewed_ttl` is what a renewal gives.
    """

    def __init__(self, policies: dict[str, tuple[str, ...]]) -> None:
        self.policies = policies
        self.jwt: dict[str, dict[str, JwtRole]] = {}
        self.approle: dict[str, list[AppRole]] = {}
        self.default_role = ""
        self.mute = False
        self.ttl, self.renewable, self.token_type = 3600, True, "service"
        self.renewed_ttl: int | None = None
        self.granted: tuple[str, ...] = ("*",)
        self.leases: dict[str, Lease] = {}
        self.wrapped: dict[str, tuple[str, dict[str, Any]]] = {}
        self._numbers = count(1)

    def wrap(self, creation_path: str, data: dict[str, Any]) -> str:
        """A wrapping token for an answer of `creation_path`; it can be opened once."""
        token = f"hvs.wrapping-canary-{next(self._numbers)}"
        self.wrapped[token] = (creation_path, data)
        return token

    def end(self) -> None:
        """End all tokens that logins gave, as when their leases ran out."""
        for token in self.leases:
            self.policies.pop(token, None)

    def answer(
        self, method: str, space: str, path: str, token: str | None, body: bytes
    ) -> tuple[int, dict[str, Any]] | None:
        """The answer, or None when the path is none of auth's."""
        sent = json.loads(body) if body else {}
        if path.startswith("auth/token/"):
            return self._token(path.removeprefix("auth/token/"), token or "")
        if path.startswith("sys/wrapping/"):
            return self._wrapping(path.removeprefix("sys/wrapping/"), token, sent)
        if not path.startswith("auth/"):
            return None
        mount, _, rest = (space + path.removeprefix("auth/")).rpartition("/")
        if method == "POST" and rest == "login" and mount in self.jwt:
            return self._jwt_login(self.jwt[mount], sent)
        if method == "POST" and rest == "login" and mount in self.approle:
            return self._approle_login(self.approle[mount], sent)
        return 404, {"errors": [f'no handler for route "{path}". route entry not found.']}

    def _jwt_login(
        self, roles: dict[str, JwtRole], sent: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        name = sent.get("role") or self.default_role
        role = roles.get(name)
        if not name:
            return _refused("missing role")
        if role is None:
            return _refused(f'role "{name}" could not be found')
        try:
            claims = jwt.decode(sent["jwt"], ISSUER_KEY, algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            return _refused(
                "error validating token: error verifying token signature: no known key "
                "successfully validated the token signature"
            )
        if claims["exp"] < time.time():
            return _refused("error validating token: invalid expiration time (exp) claim: expired")
        if claims.get("nbf", 0) > time.time():
            return _refused(
                "error validating token: invalid not before (nbf) claim: token not yet valid"
            )
        audience = claims.get("aud", [])
        audiences = [audience] if isinstance(audience, str) else audience
        if role.bound_audiences and not set(audiences) & set(role.bound_audiences):
            return _refused(
                "error validating token: invalid audience (aud) claim: audience claim does not "
                "match any bound audience"
            )
        if role.bound_subject and claims.get("sub") != role.bound_subject:
            return _refused("error validating token: invalid subject (sub) claim")
        for claim, value in role.bound_claims.items():
            if claims.get(claim) != value:
                return _refused(
                    f'error validating claims: claim "{claim}" does not match any associated '
                    "bound claim values"
                )
        return self._grant()

    def _approle_login(
        self, roles: list[AppRole], sent: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        for role in roles:
            left = role.secret_ids.get(sent.get("secret_id", ""))
            if role.role_id == sent.get("role_id") and left is not None:
                if left == 1:
                    del role.secret_ids[sent["secret_id"]]
                elif left:
                    role.secret_ids[sent["secret_id"]] = left - 1
                return self._grant()
        return _refused("invalid role or secret ID")

    def _grant(self) -> tuple[int, dict[str, Any]]:
        token = f"hvs.granted-canary-{next(self._numbers)}"
        self.policies[token] = self.granted
        self.leases[token] = Lease(ttl=self.ttl, renewable=self.renewable)
        return 200, self._auth(token, self.ttl)

    def _auth(self, token: str, ttl: int) -> dict[str, Any]:
        return {
            "data": None,
            "auth": {
                "client_token": token,
                "accessor": "accessor-of-nobody",
                "policies": ["default"],
                "lease_duration": ttl,
                "renewable": self.renewable,
                "token_type": self.token_type,
            },
        }

    def _token(self, call: str, token: str) -> tuple[int, dict[str, Any]]:
        if token not in self.policies:
            return 403, {"errors": ["permission denied", "invalid token"]}
        lease = self.leases.get(token)
        match call:
            case "lookup-self" if self.mute:
                return 403, {"errors": ["1 error occurred: permission denied"]}
            case "lookup-self":
                return 200, {"data": {"ttl": lease.ttl if lease else 0}}
            case "renew-self" if lease is not None and lease.renewable:
                lease.renewals += 1
                return 200, self._auth(token, self.renewed_ttl or lease.ttl)
            case "revoke-self" if lease is not None:
                lease.revoked = True
                del self.policies[token]
                return 204, {}
            case _:
                return 400, {"errors": ["lease is not renewable"]}

    def _wrapping(
        self, call: str, token: str | None, sent: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if call == "unwrap" and not token:
            return 403, {"errors": ["permission denied"]}
        wrapping = sent.get("token") or token or ""
        found = self.wrapped.get(wrapping)
        if found is None:
            return 400, {"errors": ["wrapping token is not valid or does not exist"]}
        if call == "lookup":
            return 200, {"data": {"creation_path": found[0], "creation_ttl": 60}}
        del self.wrapped[wrapping]
        return 200, {"data": found[1]}


def _refused(text: str) -> tuple[int, dict[str, Any]]:
    return 400, {"errors": [text]}
