"""What a person is told of a kept session that can't be used, and what to do."""

from datetime import UTC

from reconciler.providers.dust.signin.kept_session import KeptSession, Why
from reconciler.providers.failures import Forbidden, ProviderError, SignedOut


def none_stored(place: str, again: str) -> SignedOut:
    """There is none; `again` is the command that stores one."""
    return SignedOut(
        f"no session is stored in {place}",
        help=(f"an administrator of the workspace stores one: `{again}`",),
    )


def for_elsewhere(session: KeptSession, place: str, url: str, again: str) -> Forbidden:
    """It is for another address than `url`."""
    return Forbidden(
        f"the session in {place} is for {session.sign_in.url}, and its tokens are sent nowhere "
        "else",
        help=(f"store one for {url}: `{again}`",),
    )


def of_a_stranger(session: KeptSession, place: str, again: str) -> Forbidden:
    """Its person isn't in the workspace."""
    return Forbidden(
        f"the session in {place} is of {session.sign_in.email}, who is in other workspaces than "
        "this",
        help=(f"an administrator of this one stores another: `{again}`",),
    )


def over(
    session: KeptSession, place: str, again: str, error: ProviderError | None = None
) -> SignedOut:
    """It has ended; `error` is what the identity provider said, when that was just now."""
    return SignedOut(
        f"the session of {session.sign_in.email} in {place} {_ending(session)}",
        call=error.call if error else "",
        status=error.status if error else None,
        help=sign_in_again(session, again),
    )


def sign_in_again(session: KeptSession, again: str) -> tuple[str, ...]:
    """Who has to do what."""
    who = f"{session.sign_in.email}, or another administrator of the workspace,"
    return (f"{who} signs in again: `{again}`",)


def _ending(session: KeptSession) -> str:
    ended, provider = session.ended, session.sign_in.provider
    assert ended is not None, "that is why it has no tokens"
    at = f"{ended.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    match ended.why:
        case Why.SIGNED_OUT:
            return f"was signed out at {at}"
        case Why.LOST:
            return (
                f"is lost since {at}: {ended.by} began to renew it and never wrote the new tokens "
                "down"
            )
        case Why.REFUSED:
            whose = provider.origin if provider else "the identity provider"
            return (
                f"has ended at {at}: {whose} doesn't renew it any more, for it was revoked, it "
                "expired, or its refresh token was used elsewhere"
            )
