"""The sign-in that a workspace is reached with, when its manifest names no access token."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from reconciler.providers import Call
from reconciler.workflows.failures import Exit, Stop

if TYPE_CHECKING:
    from reconciler.providers.dust.signin import SessionStore, SignIn, StoredSignIn

_REFERENCE = (
    "or say in the Workspace manifest where a pipeline has an identity: `credentials: {session: "
    "…}`, which lasts, or `credentials: {accessToken: {env: DUST_ACCESS_TOKEN}}`"
)


def sign_in_for(
    url: str,
    workspace_id: str,
    *,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    observe: Callable[[Call], None],
) -> "StoredSignIn":
    """The sign-in for the workspace at `url`. Raises Stop when there is none, ProviderError."""
    from reconciler.providers.dust.signin import SessionStore, StoredSignIn, normal_url

    store = SessionStore.of(environ, say)
    try:
        here = normal_url(url)
    except ValueError as error:
        raise Stop(Exit.FAILED, f"nobody can sign in to {url}: {error}") from None
    record = store.find(here, workspace_id)
    if record is None:
        raise nobody(store, here)
    return StoredSignIn(store, record, say, observe)


def nobody(store: "SessionStore", url: str | None) -> Stop:
    """Nobody is signed in (to `url`): who is elsewhere, and how to sign in."""
    where = f" to {url}" if url else ""
    more = f" --url {url}" if url and not _is_of_a_region(url) else ""
    return Stop(
        Exit.FAILED,
        f"nobody is signed in{where}",
        notes=tuple(f"signed in elsewhere: {_words(each)}" for each in store.all()),
        help=(f"sign in: `reconciler login{more}`", _REFERENCE),
    )


def _words(record: "SignIn") -> str:
    return f"{record.email} at {record.url}"


def _is_of_a_region(url: str) -> bool:
    from reconciler.providers.dust import region_url

    return url in (region_url("us"), region_url("eu"))
