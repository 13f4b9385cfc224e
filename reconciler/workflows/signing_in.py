"""Signing in, out, and who is: what `login`, `logout` and `whoami` do."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NoReturn

from reconciler.providers import Connection, ProviderError
from reconciler.providers.dust import region_url
from reconciler.providers.dust.signin import (
    DEFAULT_NAMESPACE,
    DEFAULT_ORIGIN,
    Account,
    KeptSignIn,
    LoginProvider,
    SessionStore,
    SignIn,
    StoredSignIn,
    Tokens,
    device_login,
    normal_url,
    read_account,
    read_claims,
    region_of_claim,
)
from reconciler.secrets import Secret
from reconciler.views import IdentityView, WorkspaceView
from reconciler.workflows.context import Context, Options, access_token
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.stored_sign_ins import nobody

if TYPE_CHECKING:
    from collections.abc import Callable

    from reconciler.providers.dust.signin.login_client import Grant

_NO_CLIENT = (
    "give it with --client-id or DUST_LOGIN_CLIENT_ID",
    "Dust's own is WORKOS_CLIENT_ID (`client_…`) in the npm package @dust-tt/dust-cli",
    "where its WORKOS_DOMAIN isn't api.workos.com, give that too: --domain or DUST_LOGIN_DOMAIN",
    "a sandbox's client id is client_sandbox",
    "or bring an access token: `reconciler login --token-stdin`",
)
_LOOPBACK = ("http://127.", "http://localhost", "http://[::1]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the options say: where to sign in, and for which address of the API."""

    url: str | None = None
    region: str | None = None
    domain: str | None = None
    client_id: str | None = None
    namespace: str = DEFAULT_NAMESPACE


def sign_in(wish: Wish, options: Options, *, show: "Callable[[Grant], None]") -> IdentityView:
    """Device login; the sign-in is stored once the platform has accepted it.

    Raises Stop, ProviderError.
    """
    store = SessionStore.of(options.environ, options.say)
    address = _wished_address(wish)
    provider = login_provider(wish, address, store)
    tokens = device_login(provider, show=show, observe=options.observe)
    return _keep(store, wish, tokens, provider, options)


def take_token(wish: Wish, token: Secret, options: Options) -> IdentityView:
    """Store an access token that was obtained elsewhere; it can't be renewed.

    Raises Stop, ProviderError.
    """
    store = SessionStore.of(options.environ, options.say)
    return _keep(store, wish, Tokens(access=token), None, options)


def sign_out(wish: Wish, options: Options, *, email: str | None = None) -> list[SignIn]:
    """Forget the sign-ins for an address and a person, all of them unless told otherwise.

    Gives what was forgotten; nothing there is fine. Raises Stop, ProviderError.
    """
    store = SessionStore.of(options.environ, options.say)
    address = _wished_address(wish)
    found = [
        record
        for record in store.all()
        if (address is None or record.url == address)
        and (email is None or record.email.casefold() == email.casefold())
    ]
    for record in found:
        store.forget(record)
    if address is None and email is None:
        for path in store.forget_damaged():
            options.say(f"removed {path}, which could not be read")
    return found


def who_is_signed_in(wish: Wish, options: Options) -> list[IdentityView]:
    """Every stored sign-in, asked of the platform. Raises Stop when there is none."""
    store = SessionStore.of(options.environ, options.say)
    address = _wished_address(wish)
    found = [record for record in store.all() if address is None or record.url == address]
    if not found:
        raise nobody(store, address)
    return [_stored_identity(store, record, options) for record in found]


def who_applies(context: Context) -> IdentityView:
    """Who the workspace of the manifests would be managed as. Raises Stop, ProviderError."""
    connection, wanted = context.connection(), context.desired.workspace.spec.workspace_id
    if isinstance(connection.renewal, StoredSignIn):
        store = SessionStore.of(context.options.environ, context.options.say)
        identity = _stored_identity(store, connection.renewal.record, context.options)
    elif isinstance(connection.renewal, KeptSignIn):
        session, account = connection.renewal, read_account(connection)
        tokens = Tokens(access=session.current())
        namespace = session.record.namespace
        identity = identity_of(context.url, account, tokens, session.place, namespace)
        identity = replace(identity, renewed=True)
    else:
        tokens = Tokens(access=connection.token)
        source = f"{access_token(context.desired)}, as the Workspace manifest says"
        identity = identity_of(context.url, read_account(connection), tokens, source)
    places = (replace(each, wanted=each.id == wanted) for each in identity.workspaces)
    return replace(identity, workspaces=tuple(places))


def _keep(
    store: SessionStore,
    wish: Wish,
    tokens: Tokens,
    provider: LoginProvider | None,
    options: Options,
) -> IdentityView:
    url = _address(wish, tokens)
    account = read_account(bare_connection(url, tokens.access, options))
    record = store.save(
        SignIn(
            url=url,
            email=account.email,
            workspaces=tuple(place.id for place in account.workspaces),
            since=datetime.now(UTC).isoformat(timespec="microseconds"),
            provider=provider,
        ),
        tokens,
    )
    identity = identity_of(url, account, tokens, store.place(record), wish.namespace)
    return replace(identity, renewed=tokens.refresh is not None)


def login_provider(
    wish: Wish, address: str | None, store: SessionStore, *more: LoginProvider | None
) -> LoginProvider:
    """The identity provider to sign in at: as wished, else the one that is known.

    Parameters: `address` is that of the API, `more` what is known beside the stored sign-ins.
    Raises Stop.
    """
    known = {r.provider for r in store.all() if r.provider and address in (None, r.url)}
    known |= {each for each in more if each}
    if wish.client_id is None and wish.domain is None and len(known) == 1:
        return known.pop()
    if not wish.client_id:
        raise Stop(
            Exit.USAGE,
            "signing in takes an OAuth client id, and none is built in",
            help=_NO_CLIENT,
        )
    domain = wish.domain or (address if address and _local(address) else DEFAULT_ORIGIN)
    origin = _normal(domain, "--domain")
    return LoginProvider(origin=origin, client_id=wish.client_id, namespace=wish.namespace)


def _local(address: str) -> bool:
    """A sandbox plays the identity provider, too."""
    return address.startswith(_LOOPBACK)


def _wished_address(wish: Wish) -> str | None:
    if wish.url is not None:
        return _normal(wish.url, "--url")
    return region_url(wish.region) if wish.region else None


def _address(wish: Wish, tokens: Tokens) -> str:
    """The address that an access token is for: as wished, else by its region."""
    if wish.url is not None:
        return _normal(wish.url, "--url")
    claim = read_claims(tokens.access, wish.namespace).region
    region = region_of_claim(claim)
    if wish.region and (claim is None or region == wish.region):
        return region_url(wish.region)
    if wish.region:
        _elsewhere(f"the access token is for the region {claim}, not for {wish.region}")
    if region is None:
        _elsewhere(f"the access token is for the region {claim}, which this version doesn't know")
    return region_url(region)


def _elsewhere(message: str) -> NoReturn:
    raise Stop(
        Exit.FAILED,
        message,
        help=("nothing was stored; leave out --region, or give the API's address with --url",),
    )


def _normal(text: str, option: str) -> str:
    try:
        return normal_url(text)
    except ValueError as error:
        raise Stop(
            Exit.USAGE,
            f"{option} can't be used: {error}",
            help=("an address looks like https://dust.tt or http://127.0.0.1:8080",),
        ) from None


def bare_connection(url: str, token: Secret, options: Options) -> Connection:
    """How to ask who a token belongs to, whatever the workspace."""
    return Connection(
        url=url,
        workspace_id="",
        token=token,
        timeout=options.timeout,
        attempts=options.attempts,
        stop=options.stop,
        observe=options.observe,
        paused=options.paused,
    )


def _stored_identity(store: SessionStore, record: SignIn, options: Options) -> IdentityView:
    """What the platform says of a stored sign-in; why not, when it can't be used."""
    place = store.place(record)
    try:
        session = StoredSignIn(store, record, options.say, options.observe)
        connection = bare_connection(record.url, session.current(), options)
        account = read_account(replace(connection, renewal=session))
        tokens = Tokens(access=session.current(), obtained=None)
    except ProviderError as error:
        return IdentityView(
            url=record.url,
            email=record.email,
            source=place,
            problem=error.message,
            help=error.help,
        )
    identity = identity_of(record.url, account, tokens, place, record.namespace)
    return replace(identity, renewed=session.renewable)


def identity_of(
    url: str, account: Account, tokens: Tokens, source: str, namespace: str = DEFAULT_NAMESPACE
) -> IdentityView:
    """Somebody with an access token, which is kept at `source`."""
    claims = read_claims(tokens.access, namespace)
    ends = None
    if claims.expires is not None:
        ends = datetime.fromtimestamp(claims.expires, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return IdentityView(
        url=url,
        email=account.email,
        name=account.name,
        region=claims.region,
        source=source,
        ends=ends,
        workspaces=tuple(
            WorkspaceView(id=place.id, name=place.name, role=place.role)
            for place in account.workspaces
        ),
    )
