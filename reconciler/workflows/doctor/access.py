"""The workspace: whether it answers, how its clock goes, and what the access token is good for."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

from reconciler.providers import Call, Connection, ProviderError
from reconciler.providers.dust.signin import (
    DEFAULT_NAMESPACE,
    Account,
    Claims,
    read_account,
    read_claims,
    region_of_claim,
)
from reconciler.resources import Desired
from reconciler.secrets import Secret
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Stop

_SOON = timedelta(minutes=15)
_SKEW_TOLD, _SKEW_FAILS = timedelta(seconds=30), timedelta(minutes=5)
_NOBODY = "nobody"  # sent where there is no token, to see whether anybody answers
_CAUSES = (
    (
        re.compile(r"name or service|nodename|getaddrinfo|name resolution|no address", re.I),
        "its name can't be resolved: check `region` or `url`, the network and DNS",
    ),
    (
        re.compile(r"certificate|ssl|tls", re.I),
        "TLS fails: where a proxy signs anew, name its authority in SSL_CERT_FILE",
    ),
    (
        re.compile(r"refused", re.I),
        "nobody listens there: check the port; a sandbox must be running",
    ),
    (re.compile(r"timeout|no answer", re.I), "check the network, the proxy and the firewall"),
)


class _Observed:
    """The exchanges so far, told from whichever thread."""

    def __init__(self) -> None:
        self._lock = Lock()
        self.calls: list[Call] = []

    def __call__(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    @property
    def answered(self) -> Call | None:
        """The first that was answered."""
        return next((call for call in self.calls if call.status is not None), None)


def access_checks(context: Context) -> tuple[Checked, ...]:
    """Address, clock, token, workspace, role and region, each as far as it can be told."""
    observed = _Observed()
    try:
        connection = context.connection()
    except (Stop, ProviderError) as error:
        _ask_as_nobody(context, observed)
        return (*_outside(context, observed), _no_token(error))
    connection = replace(connection, observe=_both(connection, observed), attempts=1)
    claims = read_claims(connection.token, DEFAULT_NAMESPACE)
    region = _region(context.desired, claims)
    try:
        account = read_account(connection)
    except ProviderError as error:
        if not observed.calls:
            _ask_as_nobody(context, observed)
        outside = _outside(context, observed)
        if observed.answered is None:
            skipped = Checked(
                name="token",
                health=Health.SKIPPED,
                message="there is a token; the workspace has to answer to tell more",
            )
            return (*outside, skipped, *region)
        failed = Checked(name="token", health=Health.FAILED, message=error.message, help=error.help)
        return (*outside, failed, *region)
    token = _token(context, account, claims, renewed=connection.renewal is not None)
    return (
        *_outside(context, observed),
        token,
        *_membership(context, account),
        *region,
        *_callbacks(context, connection),
    )


def _both(connection: Connection, observed: _Observed) -> Callable[[Call], None]:
    def tell(call: Call) -> None:
        observed(call)
        connection.observe(call)

    return tell


def _ask_as_nobody(context: Context, observed: _Observed) -> None:
    """See whether anybody answers, without a token; being refused is an answer."""
    nobody = Connection(
        url=context.url,
        workspace_id="",
        token=Secret(_NOBODY),
        timeout=context.options.timeout,
        attempts=1,
        stop=context.options.stop,
        observe=observed,
    )
    try:
        read_account(nobody)
    except ProviderError:
        return  # what matters was observed


def _outside(context: Context, observed: _Observed) -> tuple[Checked, ...]:
    answered = observed.answered
    if answered is not None:
        took = f"{answered.milliseconds:.0f} ms"
        address = Checked(
            name="address", health=Health.OK, message=f"{context.url} answered in {took}"
        )
        return (address, _clock(context, answered))
    reason = next((call.reason for call in observed.calls if call.reason), "no answer")
    failed = Checked(
        name="address",
        health=Health.FAILED,
        message=f"{context.url} can't be reached: {reason}",
        help=(advice_for(reason),),
    )
    return (failed,)


def advice_for(reason: str) -> str:
    """What to do when nothing answers, by the words that the network said."""
    return next((told for cause, told in _CAUSES if cause.search(reason)), _CAUSES[-1][1])


def _clock(context: Context, call: Call) -> Checked:
    try:
        theirs = parsedate_to_datetime(call.date)
    except ValueError:
        return Checked(
            name="clock", health=Health.SKIPPED, message="the workspace doesn't tell the time"
        )
    off = abs(context.options.now() - theirs.astimezone(UTC))
    if off < _SKEW_TOLD:
        return Checked(name="clock", health=Health.OK, message="as the workspace's")
    failed = off >= _SKEW_FAILS
    return Checked(
        name="clock",
        health=Health.FAILED if failed else Health.WARNING,
        message=f"this machine's clock is {off.total_seconds():.0f} s off the workspace's",
        help=("set the clock: tokens and saved plans end at a time, and locks go by it",),
    )


def _no_token(error: Stop | ProviderError) -> Checked:
    message, advice = error.message, error.help
    if isinstance(error, Stop) and error.diagnostics.items:
        first = error.diagnostics.items[0]
        message, advice = first.message, first.help
    return Checked(name="token", health=Health.FAILED, message=message, help=advice)


def _token(context: Context, account: Account, claims: Claims, *, renewed: bool) -> Checked:
    told = f"accepted: {account.email}"
    if renewed:
        return Checked(name="token", health=Health.OK, message=f"{told}, renewed by itself")
    if claims.expires is None:
        return Checked(name="token", health=Health.OK, message=told)
    ends = datetime.fromtimestamp(claims.expires, UTC)
    told += f", until {ends:%Y-%m-%d %H:%M} UTC"
    if ends - context.options.now() < _SOON:
        return Checked(
            name="token",
            health=Health.WARNING,
            message=told,
            help=("it ends soon, and can't be renewed: an apply that it ends in stops",),
        )
    return Checked(name="token", health=Health.OK, message=told)


def _membership(context: Context, account: Account) -> tuple[Checked, ...]:
    wanted = context.desired.workspace.spec.workspace_id
    place = next((each for each in account.workspaces if each.id == wanted), None)
    if place is None:
        known = ", ".join(f"{each.name} ({each.id})" for each in account.workspaces[:10])
        return (
            Checked(
                name="workspace",
                health=Health.FAILED,
                message=f"{account.email} is not a member of {wanted}",
                help=(
                    f"the token's person is a member of {known or 'no workspace there'}",
                    "check `workspaceId` and `region` in the Workspace manifest",
                ),
            ),
        )
    workspace = Checked(name="workspace", health=Health.OK, message=f"{place.name} ({place.id})")
    if place.role != "admin":
        return (
            workspace,
            Checked(
                name="role",
                health=Health.FAILED,
                message=f"{account.email} is {place.role} there; managing spaces and MCP servers "
                "takes an admin",
                help=("use an administrator's access token, or have the role changed",),
            ),
        )
    return (workspace, Checked(name="role", health=Health.OK, message="admin"))


def _region(desired: Desired, claims: Claims) -> tuple[Checked, ...]:
    """Whether the token is for the region that the manifest names; nothing where neither says."""
    wanted, told = desired.workspace.spec.region, region_of_claim(claims.region)
    if wanted is None or claims.region is None or told is None:
        return ()
    if told != wanted:
        return (
            Checked(
                name="region",
                health=Health.FAILED,
                message=f"the manifest says {wanted}, the access token's person is in {told}",
                help=(f"write `region: {told}`, or use a token of region {wanted}",),
            ),
        )
    return (Checked(name="region", health=Health.OK, message=wanted),)


def _callbacks(context: Context, connection: Connection) -> tuple[Checked, ...]:
    """Where the workspace takes browsers back, for whoever registers an OAuth app; no more."""
    modes = {
        auth.get("mode")
        for resource in context.desired.resources.values()
        if isinstance(auth := resource.spec.get("auth"), dict)
    }
    if not modes & {"automatic", "static-oauth"}:
        return ()
    try:
        told = context.provider.callbacks(connection)
    except ProviderError as error:
        return (Checked(name="callbacks", health=Health.WARNING, message=error.message),)
    shown = ", ".join(told[mode] for mode in sorted(modes & told.keys()))
    return (Checked(name="callbacks", health=Health.OK, message=f"OAuth apps must allow {shown}"),)
