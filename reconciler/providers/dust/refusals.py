"""From an answer that isn't a success to the failure named after who can act."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from reconciler.providers.dust.answers import Answer, Broken, Envelope, Fault, Trouble
from reconciler.providers.dust.retries import refused_as_busy
from reconciler.providers.dust.words import Words
from reconciler.providers.failures import (
    Conflict,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    Rejected,
    SignedOut,
    Unexpected,
    Unreachable,
)

_SIGN_IN = (
    "sign in again as a workspace administrator: `reconciler login`, with `--store` where "
    "`credentials.session` names a place, or, where "
    "`credentials.accessToken` refers to one, store a new access token there"
)
_WHERE = "check `workspaceId` and `region` in the Workspace manifest"
_ADMIN = "managing spaces and MCP servers takes the access token of a workspace administrator"

# Dust API: types that mean the credential or the address is wrong, with what to do about each.
_CREDENTIAL_HELP: dict[str, tuple[str, tuple[str, ...]]] = {
    "not_authenticated": ("the access token isn't accepted", (_SIGN_IN,)),
    "malformed_authorization_header_error": ("the access token isn't accepted", (_SIGN_IN,)),
    "missing_authorization_header_error": ("the access token isn't accepted", (_SIGN_IN,)),
    "invalid_api_key_error": ("the access token isn't accepted", (_SIGN_IN,)),
    "expired_oauth_token_error": ("the access token has expired", (_SIGN_IN,)),
    "user_not_found": (
        "the access token's person has no account on the platform",
        (_SIGN_IN, "a person's account lives in one region: check `region`"),
    ),
    "sso_enforced": (
        "the workspace demands single sign-on",
        ("sign in through single sign-on and store that access token",),
    ),
    "workspace_not_found": ("the workspace was not found with this access token", (_WHERE,)),
    "workspace_user_not_found": (
        "the access token's person is unknown to the workspace",
        (_WHERE,),
    ),
    "workspace_can_use_product_required_error": (
        "the workspace's plan doesn't allow the API",
        ("ask the workspace's owner to change the plan",),
    ),
}
# Whatever is asked next, the answer is the same: a run has to stop.
_SIGNED_OUT = frozenset(
    {
        "not_authenticated",
        "malformed_authorization_header_error",
        "missing_authorization_header_error",
        "invalid_api_key_error",
        "expired_oauth_token_error",
    }
)
# Dust API: 403s that are about what is asked for rather than who asks.
_SPEC_403 = frozenset({"plan_limit_error", "invalid_request_error"})
TAKEN_HELP = (
    "space names are unique in the whole workspace, letter case aside, hidden ones too",
    "choose another `displayName`, or adopt the space",
)
_REGION = "workspace_in_different_region"
_CLIENT_FAULTS = frozenset({400, 402, 410, 411, 413, 414, 415, 422})


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What was asked: the words for messages, and whether it may have changed something."""

    call: str
    origin: str
    writes: bool


def refusal(asked: Asked, outcome: Answer | Broken, words: Words) -> ProviderError:
    """The failure that `outcome` (anything but a 2xx that fits) is."""
    if isinstance(outcome, Broken):
        return _broken(asked, outcome, words)
    return _Refused(asked=asked, answer=outcome, words=words).failure()


def lost(asked: Asked, reason: str, status: int | None) -> OutcomeUnknown:
    """A write that may have happened."""
    return OutcomeUnknown(
        f"{asked.call} was sent, and whether it happened isn't known: {reason}",
        call=asked.call,
        status=status,
        help=("plan again to see what the workspace holds now",),
        reason=reason,
    )


def _broken(asked: Asked, outcome: Broken, words: Words) -> ProviderError:
    reason = words.safe(outcome.reason)
    if outcome.trouble is not Trouble.NOT_SENT and asked.writes:
        return lost(asked, reason, None)
    if outcome.trouble is Trouble.TOO_MUCH:
        return Unexpected(
            f"{asked.call} was answered with too much: {reason}",
            call=asked.call,
            help=("check that `url` is the API's address, and what stands in between",),
        )
    verb = "could not be reached" if outcome.trouble is Trouble.NOT_SENT else "did not answer"
    return Unreachable(
        f"{asked.origin} {verb}: {reason}",
        call=asked.call,
        help=("check `region` or `url` in the Workspace manifest, the network and the proxy",),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Refused:
    asked: Asked
    answer: Answer
    words: Words

    def failure(self) -> ProviderError:
        envelope = self.answer.envelope()
        fault = Fault() if envelope is None else envelope.error
        kind = self.words.safe_type(fault.type)
        if kind == _REGION:
            return self._elsewhere(fault)
        if kind in _CREDENTIAL_HELP and self._is_about_the_caller(kind):
            headline, help_ = _CREDENTIAL_HELP[kind]
            failure = SignedOut if kind in _SIGNED_OUT else Forbidden
            return self._make(failure, headline, help_)
        return self._by_status(envelope, fault, kind)

    def _is_about_the_caller(self, kind: str) -> bool:
        # A 404 may be about a person named in the body; only the address itself is ours.
        status = self.answer.status
        return status in (401, 403) or (status == 404 and kind.startswith("workspace_"))

    def _by_status(self, envelope: Envelope | None, fault: Fault, kind: str) -> ProviderError:
        status = self.answer.status
        said = self._said(fault, kind)
        if 300 <= status < 400:
            return self._redirected()
        if status in _CLIENT_FAULTS or (status == 403 and kind in _SPEC_403):
            return self._make(
                Rejected,
                f"the platform refuses: {said}",
                _conflict_help(envelope, kind, self.words),
            )
        if status in (401, 403):
            return self._make(Forbidden, f"the access token may not do this: {said}", (_ADMIN,))
        if status == 404 and envelope is not None:
            found_nothing = partial(NotFound, kind=kind)
            return self._make(found_nothing, f"not found: {said}", ("plan again",))
        if status in (409, 412):
            return self._make(Conflict, f"changed meanwhile: {said}", ("plan again",))
        if status == 429:
            return self._make(RateLimited, f"too many calls: {said}", ("try again later",))
        if status >= 500 or status == 408:
            return self._server_side(said)
        return self._make(
            Unexpected,
            f"{self.asked.call} was answered with status {status}, which this version doesn't "
            f"know: {said}",
            ("is this the API's address? check `region` or `url` in the Workspace manifest",),
        )

    def _server_side(self, said: str) -> ProviderError:
        status = self.answer.status
        if refused_as_busy(self.answer):
            return self._make(Unreachable, f"the platform is busy: {said}", ("try again later",))
        if self.asked.writes:
            return lost(self.asked, f"status {status}, {said}", status)
        if status == 500:
            return self._make(Unexpected, f"the platform failed at {self.asked.call}: {said}", ())
        return self._make(
            Unreachable,
            f"the platform did not answer (status {status}): {said}",
            ("try again later",),
        )

    def _redirected(self) -> ProviderError:
        target = _origin(self.answer.location or "")
        where = f" to {self.words.safe(target)}" if target else ""
        message = f"{self.asked.origin} redirects {self.asked.call}{where}; it isn't followed"
        return self._make(
            Forbidden,
            message,
            ("the workspace may live in another region", _WHERE),
        )

    def _elsewhere(self, fault: Fault) -> ProviderError:
        region = url = ""
        if fault.redirect is not None:
            region = self.words.safe(fault.redirect.region)
            url = self.words.safe(_origin(fault.redirect.url))
        where = f"region {region}" if region else "another region"
        return self._make(
            Forbidden,
            f"the workspace lives in {where}" + (f", at {url}" if url else ""),
            ("correct `region` in the Workspace manifest",),
        )

    def _said(self, fault: Fault, kind: str) -> str:
        if fault.type or fault.message:
            message = self.words.safe(fault.message)
            return ": ".join(part for part in (kind, message) if part) or "no reason given"
        if "html" in self.answer.content_type:
            return f"status {self.answer.status} with an HTML page, not an answer of the API"
        return f"status {self.answer.status} without a reason"

    def _make(
        self, failure: Callable[..., ProviderError], message: str, help_: tuple[str, ...]
    ) -> ProviderError:
        return failure(message, call=self.asked.call, status=self.answer.status, help=help_)


def _conflict_help(envelope: Envelope | None, kind: str, words: Words) -> tuple[str, ...]:
    if kind == "space_already_exists":
        return TAKEN_HELP
    if envelope is None or envelope.nameConflict is None:
        return ()
    conflict = envelope.nameConflict
    lines = [f"the name in the way: {words.safe(conflict.name)}"]
    details = conflict.conflictDetails
    if details is not None and details.conflictingServerName:
        lines.append(f"it belongs to the server {words.safe(details.conflictingServerName)}")
    if details is not None and details.conflictingToolName:
        lines.append(f"the tool that would clash: {words.safe(details.conflictingToolName)}")
    return (*lines, "choose another `displayName`")


def _origin(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}" + (f":{port}" if port else "") if host else ""
