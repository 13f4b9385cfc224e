"""Signing in for pipelines: what `login --store` and `logout --store` do."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field, ValidationError

from reconciler.providers.dust.signin import (
    Account,
    Ended,
    Keeper,
    KeeperTrouble,
    KeptSession,
    LoginProvider,
    SessionStore,
    SignIn,
    Tokens,
    Why,
    device_login,
    read_account,
    read_claims,
    region_of_claim,
)
from reconciler.secrets import Secret
from reconciler.views import IdentityView
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.holding import owner
from reconciler.workflows.kept_sessions import address_of, keeper_of
from reconciler.workflows.signing_in import (
    Wish,
    bare_connection,
    identity_of,
    login_provider,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.providers.dust.signin.login_client import Grant

_ADMIN = "admin"


class _TokenAnswer(BaseModel):
    access_token: str = Field(min_length=1)
    refresh_token: str = Field(min_length=1)


def store_session(
    context: Context, wish: Wish, *, show: "Callable[[Grant], None]"
) -> tuple[IdentityView, tuple[str, ...]]:
    """Device login of an administrator; the session goes where the manifest says.

    Gives who that is, and what a pipeline needs to use the session, a line each. What is wrong
    with the place is told before anybody signs in. Raises Stop, ProviderError.
    """
    keeper, provider = _prepared(context, wish)
    return _stored(
        context,
        keeper,
        device_login(provider, show=show, observe=context.options.observe),
        provider,
    )


def store_tokens(
    context: Context, wish: Wish, answer: Secret
) -> tuple[IdentityView, tuple[str, ...]]:
    """The same with tokens that were obtained elsewhere.

    Parameters: `answer` is what a token endpoint answers, JSON with `access_token` and
    `refresh_token`.
    """
    keeper, provider = _prepared(context, wish)
    try:
        given = _TokenAnswer.model_validate_json(answer.reveal())
    except ValidationError:
        raise Stop(
            Exit.USAGE,
            "an access token alone can't be renewed, and lives for minutes",
            help=(
                "give the identity provider's answer, JSON with `access_token` and `refresh_token`",
                "or leave --token-stdin out, and sign in",
            ),
        ) from None
    tokens = Tokens(access=Secret(given.access_token), refresh=Secret(given.refresh_token))
    return _stored(context, keeper, tokens, provider)


def end_session(context: Context) -> SignIn | None:
    """Keep its tokens no longer; whose it was, None when there was none.

    Raises Stop, KeeperTrouble; Overtaken when it is being renewed at this moment.
    """
    keeper = keeper_of(context)
    session, version = keeper.read()
    if session is None or session.tokens is None:
        return None
    by = owner(context.options.environ).name
    keeper.write(session.over(Ended(why=Why.SIGNED_OUT, at=datetime.now(UTC), by=by)), version)
    return session.sign_in


def _prepared(context: Context, wish: Wish) -> tuple[Keeper, LoginProvider]:
    keeper, address = keeper_of(context), address_of(context)
    before = _before(context, keeper)
    if before is not None and before.tokens is not None:
        context.options.say(f"this replaces the session of {before.sign_in.email} in {keeper.name}")
    known = None
    if before is not None and before.sign_in.url == address:
        known = before.sign_in.provider
    store = SessionStore.of(context.options.environ, context.options.say)
    return keeper, login_provider(wish, address, store, known)


def _before(context: Context, keeper: Keeper) -> KeptSession | None:
    session = context.desired.workspace.spec.credentials.session
    try:
        return keeper.read()[0]
    except KeeperTrouble as error:
        if session is None or session.beside is None:
            raise
        # A new one may well be stored because the old one can't be opened any more.
        context.options.say(f"{error.message}; a new one takes its place")
        return None


def _stored(
    context: Context, keeper: Keeper, tokens: Tokens, provider: LoginProvider
) -> tuple[IdentityView, tuple[str, ...]]:
    url, wanted = address_of(context), context.desired.workspace.spec.workspace_id
    _check_region(context, tokens, provider.namespace)
    account = read_account(bare_connection(url, tokens.access, context.options))
    _check_role(account, wanted)
    if tokens.refresh is None:
        raise Stop(
            Exit.FAILED,
            "the identity provider gave nothing to renew the session with",
            help=("nothing was stored; let the client have refresh tokens there",),
        )
    keeper.start(
        KeptSession(
            sign_in=SignIn(
                url=url,
                email=account.email,
                workspaces=tuple(place.id for place in account.workspaces),
                since=datetime.now(UTC).isoformat(timespec="microseconds"),
                provider=provider,
            ),
            tokens=tokens,
        )
    )
    identity = identity_of(url, account, tokens, keeper.name, provider.namespace)
    places = (replace(each, wanted=each.id == wanted) for each in identity.workspaces)
    return replace(identity, renewed=True, workspaces=tuple(places)), keeper.needs()


def _check_role(account: Account, workspace_id: str) -> None:
    role = next((place.role for place in account.workspaces if place.id == workspace_id), None)
    if role != _ADMIN:
        what = "isn't in" if role is None else f"has the role `{role}` in"
        raise Stop(
            Exit.FAILED,
            f"{account.email} {what} the workspace {workspace_id}, which only its administrators "
            "can manage",
            help=("nothing was stored; sign in as an administrator of the workspace",),
        )


def _check_region(context: Context, tokens: Tokens, namespace: str) -> None:
    region, claim = context.desired.workspace.spec.region, read_claims(tokens.access, namespace)
    if region is not None and claim.region and region_of_claim(claim.region) != region:
        raise Stop(
            Exit.FAILED,
            f"the access token is for the region {claim.region}, the workspace's is `{region}`",
            help=("nothing was stored; correct `region` in the Workspace manifest",),
        )
