"""Signed-in people: JWT access tokens that expire, refresh tokens that count once.

Shaped after what Dust's command line meets (WorkOS): the region is a claim of the access token,
a refresh answers with a new pair, and a refresh token that comes a second time is refused and ends
the whole session, since one of the two who hold it must be a thief.
"""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from reconciler.sandbox.envelope import ApiError
from reconciler.sandbox.records import Record, User
from reconciler.sandbox.store import Store

REGION_CLAIM = "https://dust.tt/region"
_ALGORITHM = "ES256"
_TABLES = """
CREATE TABLE IF NOT EXISTS login_key (jwk TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS login_session (
  id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES user, client_id TEXT NOT NULL,
  ended INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS login_access (
  jti TEXT PRIMARY KEY, session_id INTEGER NOT NULL REFERENCES login_session,
  expired INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS login_refresh (
  digest TEXT PRIMARY KEY, session_id INTEGER NOT NULL REFERENCES login_session,
  used INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS login_device (
  digest TEXT PRIMARY KEY, user_code TEXT NOT NULL UNIQUE, client_id TEXT NOT NULL,
  status TEXT NOT NULL, user_id INTEGER REFERENCES user, expires_at INTEGER NOT NULL,
  wait INTEGER NOT NULL, polled_at INTEGER NOT NULL
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Record):
    """A person who signed in; `ended` when a refresh token was used twice."""

    id: int
    user_id: int
    client_id: str
    ended: bool


def prepare(store: Store) -> None:
    """Make the tables of signing in where they are missing."""
    for statement in filter(str.strip, _TABLES.split(";")):
        store.write(statement)


def digest(value: str) -> str:
    """How a code or refresh token is kept: it can be recognised, not read."""
    return hashlib.sha256(value.encode()).hexdigest()


def begin_session(store: Store, user_id: int, client_id: str) -> Session:
    """A new session of a person who consented."""
    row = store.insert("login_session", user_id=user_id, client_id=client_id, ended=0)
    return Session(id=row, user_id=user_id, client_id=client_id, ended=False)


def session_of_refresh(store: Store, token: str, client_id: str) -> Session | None:
    """The session that a refresh token continues, the token used up; None when it is refused."""
    found = store.values(
        "SELECT session_id, used FROM login_refresh WHERE digest = ?", digest(token)
    )
    if not found:
        return None
    session_id, used = found[0]
    session = store.row(Session, "SELECT * FROM login_session WHERE id = ?", session_id)
    if session is None or session.ended or session.client_id != client_id:
        return None
    if used:
        store.update("login_session", session.id, ended=1)
        return None
    store.write("UPDATE login_refresh SET used = 1 WHERE digest = ?", digest(token))
    return session


def token_pair(store: Store, session: Session, *, issuer: str, seconds: int) -> dict[str, Any]:
    """A fresh access and refresh token, as the members of an answer."""
    refresh, jti, now = secrets.token_urlsafe(32), secrets.token_hex(12), int(time.time())
    store.insert("login_refresh", digest=digest(refresh), session_id=session.id, used=0)
    store.insert("login_access", jti=jti, session_id=session.id, expired=0)
    claims = {
        "iss": issuer,
        "sub": store.text("SELECT sid FROM user WHERE id = ?", session.user_id),
        "jti": jti,
        "iat": now,
        "exp": now + seconds,
        REGION_CLAIM: _region(store, session.user_id),
    }
    access = jwt.encode({"alg": _ALGORITHM}, claims, _key(store))
    return {"access_token": access, "refresh_token": refresh}


def expire_all(store: Store) -> int:
    """End the life of every access token given so far; how many that were."""
    return store.write("UPDATE login_access SET expired = 1 WHERE NOT expired")


def signed_in_user(store: Store, token: str) -> User | None:
    """The person of an access token; None when it is none of ours.

    Raises:
        ApiError: 401, it has expired, or its person is gone.
    """
    claims = _claims(store, token)
    if claims is None:
        return None
    dead = store.number("SELECT expired FROM login_access WHERE jti = ?", claims.get("jti"))
    if dead is None:
        return None
    if dead or int(claims.get("exp", 0)) <= time.time():
        raise ApiError(401, "expired_oauth_token_error", "The access token expired.")
    user = store.row(User, "SELECT * FROM user WHERE sid = ?", claims.get("sub"))
    if user is None:
        raise ApiError(401, "user_not_found", "The user is not registered.")
    return user


def signed_in_email(store: Store, token: str) -> str | None:
    """The e-mail address of an access token's person, expired or not."""
    claims = _claims(store, token)
    if claims is None:
        return None
    return store.text("SELECT email FROM user WHERE sid = ?", claims.get("sub"))


def _claims(store: Store, token: str) -> dict[str, Any] | None:
    if token.count(".") != 2 or not token.startswith("ey"):
        return None
    try:
        return jwt.decode(token, _key(store), algorithms=[_ALGORITHM]).claims
    except (JoseError, ValueError):
        return None


def _key(store: Store) -> ECKey:
    text = store.text("SELECT jwk FROM login_key")
    if text is not None:
        return ECKey.import_key(json.loads(text))
    key = ECKey.generate_key("P-256")
    store.insert("login_key", jwk=json.dumps(key.as_dict(private=True)))
    return key


def _region(store: Store, user_id: int) -> str:
    region = store.text(
        "SELECT region FROM workspace JOIN membership ON workspace_id = workspace.id"
        " WHERE user_id = ? ORDER BY workspace.id",
        user_id,
    )
    return region or "us-central1"
