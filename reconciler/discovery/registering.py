"""Tries dynamic client registration: registers a client, looks at the answer, deletes it again."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from reconciler.authorization import (
    Auth,
    Check,
    Level,
    Registered,
    RegistrationFailure,
    Verdict,
    origin,
    register,
    shown,
    unregister,
)
from reconciler.discovery.findings import Finding, Mode, Trial

if TYPE_CHECKING:
    import httpx2

_NAME = "reconciler probe (a trial, deleted at once)"
_PATIENCE = 10.0  # seconds for deleting, whatever time is left: a client must not stay behind
_GONE = (200, 204)
_UNSURE = "; a client may have been left there"
_RFC = "RFC 7591, section"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Where and how a client is registered; `seconds` are told when `deadline` passes."""

    client: "httpx2.AsyncClient"
    auth: Auth
    redirect_uris: Sequence[str]
    deadline: float
    seconds: float

    async def run(self) -> tuple[tuple[Check, ...], Trial | None]:
        """What came of it as checks, and the client that was there meanwhile."""
        assert self.auth.registration_endpoint is not None, "asked for where it is offered"
        fault = None
        try:
            async with asyncio.timeout_at(self.deadline):
                made = await register(
                    self.client,
                    self.auth.registration_endpoint,
                    name=_NAME,
                    redirect_uris=self.redirect_uris,
                    offered=self.auth.token_auth_methods,
                )
        except RegistrationFailure as error:
            if error.made is None:
                return (_accepted(Verdict.FAIL, str(error)),), None
            made, fault = error.made, str(error)
        except TimeoutError:
            words = f"no complete answer in {self.seconds:g} s{_UNSURE}"
            return (_accepted(Verdict.FAIL, words),), None
        gone, words = await self._remove(made)
        checks = (
            _accepted(Verdict.PASS, f"the server registered the client {made.client_id}"),
            _redirect_uris(self.redirect_uris, made),
            _auth_method(made, fault),
            _removed(made, gone=gone, words=words),
        )
        return checks, Trial(client_id=made.client_id, removed=gone)

    async def _remove(self, made: Registered) -> tuple[bool, str]:
        place = made.management_uri
        if place is not None and not self._is_here(place):
            return False, "the place to delete it is on another host"
        try:
            async with asyncio.timeout(_PATIENCE):
                status = await unregister(self.client, made)
        except RegistrationFailure as error:
            return False, str(error)
        except TimeoutError:
            return False, f"the server gives no answer in {_PATIENCE:g} s"
        if status not in _GONE:
            # Of a client that was made a moment ago this doesn't say that it is gone.
            return False, f"the server refuses with HTTP {status}"
        return True, f"deleted again (HTTP {status})"

    def _is_here(self, place: str) -> bool:
        """Whether the client's own token would go to the authorization server itself."""
        try:
            known = (self.auth.issuer, self.auth.registration_endpoint or self.auth.issuer)
            return origin(place) in {origin(url) for url in known}
        except ValueError:
            return False


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


def _accepted(verdict: Verdict, message: str) -> Check:
    return Check(
        name="registration-accepted",
        level=Level.MUST,
        verdict=verdict,
        message=message,
        source=f"{_RFC} 3.2",
    )


def _redirect_uris(wanted: Sequence[str], made: Registered) -> Check:
    missing = set(wanted) - set(made.redirect_uris)
    if not made.redirect_uris:
        verdict, words = Verdict.WARN, "the answer doesn't repeat the redirect URIs"
    elif missing:
        dropped = ", ".join(map(shown, sorted(missing)))
        verdict, words = Verdict.FAIL, f"the server dropped {dropped}"
    else:
        verdict, words = Verdict.PASS, "all redirect URIs of a workspace were taken"
    return Check(
        name="registration-redirect-uris",
        level=Level.MUST,
        verdict=verdict,
        message=words,
        source=f"{_RFC} 3.2.1",
    )


def _auth_method(made: Registered, fault: str | None) -> Check:
    return Check(
        name="registration-auth-method",
        level=Level.MUST,
        verdict=Verdict.PASS if fault is None else Verdict.FAIL,
        message=fault or f"the client authenticates with {made.auth_method}",
        source=f"{_RFC} 3.2.1",
    )


def _removed(made: Registered, *, gone: bool, words: str) -> Check:
    left = f"the client {made.client_id} is left there, to be deleted by hand: {words}"
    return Check(
        name="registration-removed",
        level=Level.SHOULD,
        verdict=Verdict.PASS if gone else Verdict.WARN,
        message=words if gone else left,
        source="RFC 7592, section 2.3",
    )
