"""The session that a pipeline lives on: where the manifest keeps it, and what is to do with it."""

import shlex
from typing import TYPE_CHECKING

from reconciler.providers.dust.signin import Keeper, KeptSignIn, Use, normal_url
from reconciler.resources import SecretRef
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.holding import owner

if TYPE_CHECKING:
    from reconciler.workflows.context import Context

_NAME = "session"
_AT = ("credentials", "session")
_NONE = (
    (
        "say in the Workspace manifest where it is to be kept: "
        '`credentials: {session: {vault: "secret/ci/dust#session"}}`'
    ),
    "or beside the state: `credentials: {session: {beside: state, key: {env: NAME}}}`",
)


def keeper_of(context: "Context", *, former: str | None = None) -> Keeper:
    """Where the session of the workspace is kept; nothing is asked yet.

    Parameters: `former` is where the state was before, for a session beside that. Raises Stop when
    the manifest names no place, or its key can't be had; KeeperTrouble.
    """
    session = context.desired.workspace.spec.credentials.session
    if session is None:
        raise Stop(Exit.USAGE, "the workspace keeps no session", help=_NONE)
    if session.vault is not None:
        from reconciler.providers.dust.signin.vault_keeper import VaultKeeper
        from reconciler.secrets.vault import VaultBackend

        backend = context.resolver.backend("vault")
        assert isinstance(backend, VaultBackend), "the backend of that scheme"
        return VaultKeeper(backend, session.vault)
    from reconciler.providers.dust.signin.state_keeper import StateKeeper

    state = context.desired.workspace.spec.state
    model = session.key or (state and state.encryption and state.encryption.key)
    assert model is not None, "checked with the manifests"
    return StateKeeper(
        record=context.places.record(
            _NAME,
            key=None if session.key is None else (session.key.model_dump(), (*_AT, "key")),
            former=former,
        ),
        owner=owner(context.options.environ),
        key=str(SecretRef.from_json(model.model_dump())),
        again=(f"store a new one: `{_again(context)}`",),
    )


def session_in_use(context: "Context") -> KeptSignIn:
    """The session, to reach the workspace with. Raises Stop, ProviderError."""
    options = context.options
    session = KeptSignIn(
        keeper_of(context),
        Use(
            url=address_of(context),
            workspace_id=context.desired.workspace.spec.workspace_id,
            owner=owner(options.environ),
            again=_again(context),
            say=options.say,
            observe=options.observe,
            stop=options.stop,
        ),
    )
    options.at_end(session.settle)
    return session


def address_of(context: "Context") -> str:
    """The address of the API that the session's access token goes to. Raises Stop."""
    try:
        return normal_url(context.url)
    except ValueError as error:
        raise Stop(Exit.FAILED, f"nobody can sign in to {context.url}: {error}") from None


def _again(context: "Context") -> str:
    return f"reconciler login --store -f {shlex.quote(context.desired.workspace.root)}"
