"""What the access token is good for: whose it is, where, with which role, and until when."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

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
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context
from reconciler.workflows.doctor.reaching import Observed, ask_as_nobody, outside_checks
from reconciler.workflows.failures import Stop

_SOON = timedelta(minutes=15)


def access_checks(context: Context) -> tuple[Checked, ...]:
    """Address, clock, token, workspace, role and region, each as far as it can be told."""
    observed = Observed()
    try:
        connection = context.connection()
    except (Stop, ProviderError) as error:
        ask_as_nobody(context, observed)
        return (*outside_checks(context, observed), _no_token(error))
    connection = replace(connection, observe=_both(connection, observed), attempts=1)
    claims = read_claims(connection.token, DEFAULT_NAMESPACE)
    region = _region(context.desired, claims)
    try:
        account = read_account(connection)
    except ProviderError as error:
        if not observed.calls:
            ask_as_nobody(context, observed)
        outside = outside_checks(context, observed)
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
        *outside_checks(context, observed),
        token,
        *_membership(context, account),
        *region,
        *_callbacks(context, connection),
    )


def _both(connection: Connection, observed: Observed) -> Callable[[Call], None]:
    def tell(call: Call) -> None:
        observed(call)
        connection.observe(call)

    return tell


def _no_token(error: Stop | ProviderError) -> Checked:
    if isinstance(error, Stop) and error.diagnostics.items:
        why = "the secret that it is kept in can't be had"
        return Checked(name="token", health=Health.SKIPPED, message=why)
    return Checked(name="token", health=Health.FAILED, message=error.message, help=error.help)


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
        str(auth.get("mode"))
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
