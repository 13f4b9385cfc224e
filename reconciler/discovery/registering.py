"""Tries dynamic client registration: registers a client, looks at the answer, deletes it again."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.authorization import (
    Application,
    Auth,
    Check,
    Level,
    NotRegistered,
    NotRemoved,
    Policy,
    Registered,
    Verdict,
    register,
    remove,
)
from reconciler.discovery.findings import Finding, Mode, Trial

if TYPE_CHECKING:
    import httpx2

_NAME = "reconciler probe (a trial, deleted at once)"
_PATIENCE = 10.0  # seconds for deleting, whatever time is left: a client must not stay behind
_METHODS = ("client_secret_basic", "client_secret_post", "none")
_RFC = "RFC 7591, section"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Where and how a client is registered; `seconds` are told when `deadline` passes."""

    client: "httpx2.AsyncClient"
    policy: Policy
    auth: Auth
    redirect_uris: Sequence[str]
    deadline: float
    seconds: float

    async def run(self) -> tuple[tuple[Check, ...], Trial | None]:
        """What came of it as checks, and the client that was there meanwhile."""
        application = _application(self.auth, self.redirect_uris)
        try:
            async with asyncio.timeout_at(self.deadline):
                made = await register(self.client, self.policy, self.auth, application)
        except NotRegistered as error:
            return (_accepted(Verdict.FAIL, str(error)),), None
        except TimeoutError:
            words = f"no complete answer in {self.seconds:g} s; a client may have been left there"
            return (_accepted(Verdict.FAIL, words),), None
        removed, words = await self._remove(made)
        checks = (*_judged(application, made), _removed(made, removed=removed, words=words))
        return checks, Trial(client_id=made.client_id, removed=removed)

    async def _remove(self, made: Registered) -> tuple[bool, str]:
        try:
            async with asyncio.timeout(_PATIENCE):
                return True, await remove(self.client, self.policy, self.auth, made)
        except NotRemoved as error:
            return False, str(error)
        except TimeoutError:
            return False, f"the server gives no answer in {_PATIENCE:g} s"


def with_trial(found: Finding, checks: tuple[Check, ...], trial: Trial | None) -> Finding:
    """The finding, with what registration came to: a mode that rests on it may be gone."""
    tried = replace(found, checks=(*found.checks, *checks), trial=trial)
    if not tried.failed:
        return tried
    check = tried.failed[0]
    why = f"registering a client fails at {check.name}: {check.message}"
    if found.auth is not None and found.auth.client_documents:
        return replace(tried, why=why)
    return replace(tried, mode=Mode.STATIC_OAUTH, why=f"{why}; an OAuth app of your own may do")


def untried(found: Finding) -> Finding:
    """The finding, with word that nothing could be tried."""
    if found.failed or not found.reached:
        return found  # what is in the way is told
    words = "nothing was tried: no registration is offered"
    check = replace(_accepted(Verdict.WARN, words), level=Level.SHOULD)
    return replace(found, checks=(*found.checks, check))


def _application(auth: Auth, redirect_uris: Sequence[str]) -> Application:
    offered = (method for method in _METHODS if method in auth.token_auth_methods)
    renewing = ("refresh_token",) if "refresh_token" in auth.grant_types else ()
    return Application(
        name=_NAME,
        redirect_uris=tuple(redirect_uris),
        auth_method=next(offered, _METHODS[0]),
        grant_types=("authorization_code", *renewing),
    )


def _judged(wanted: Application, made: Registered) -> Iterator[Check]:
    yield _accepted(Verdict.PASS, f"the server registered the client {made.client_id}")
    yield _redirect_uris(wanted, made)
    yield _auth_method(wanted, made)


def _accepted(verdict: Verdict, message: str) -> Check:
    return Check(
        name="registration-accepted",
        level=Level.MUST,
        verdict=verdict,
        message=message,
        source=f"{_RFC} 3.2",
    )


def _redirect_uris(wanted: Application, made: Registered) -> Check:
    missing = set(wanted.redirect_uris) - set(made.redirect_uris or ())
    if made.redirect_uris is None:
        verdict, words = Verdict.WARN, "the answer doesn't repeat the redirect URIs"
    elif missing:
        verdict, words = Verdict.FAIL, f"the server dropped {', '.join(sorted(missing))}"
    else:
        verdict, words = Verdict.PASS, "all redirect URIs of a workspace were taken"
    return Check(
        name="registration-redirect-uris",
        level=Level.MUST,
        verdict=verdict,
        message=words,
        source=f"{_RFC} 3.2.1",
    )


def _auth_method(wanted: Application, made: Registered) -> Check:
    verdict = Verdict.PASS
    words = f"the client authenticates with {made.auth_method}, as asked"
    if made.auth_method not in _METHODS:
        verdict = Verdict.FAIL
        words = f"the client must authenticate with {made.auth_method}, which no workspace does"
    elif made.auth_method != "none" and not made.has_secret:
        verdict = Verdict.FAIL
        words = f"the client authenticates with {made.auth_method}, and was given no secret"
    elif made.auth_method != wanted.auth_method:
        verdict = Verdict.WARN
        words = f"{wanted.auth_method} was asked for, the server made it {made.auth_method}"
    return Check(
        name="registration-auth-method",
        level=Level.MUST,
        verdict=verdict,
        message=words,
        source=f"{_RFC} 3.2.1",
    )


def _removed(made: Registered, *, removed: bool, words: str) -> Check:
    left = f"the client {made.client_id} is left there, to be deleted by hand: {words}"
    return Check(
        name="registration-removed",
        level=Level.SHOULD,
        verdict=Verdict.PASS if removed else Verdict.WARN,
        message=words if removed else left,
        source="RFC 7592, section 2.3",
    )
