"""The session that a pipeline lives on: whose it is, where it is kept, how far it has come."""

from reconciler.diagnostics import count
from reconciler.providers import ProviderError
from reconciler.providers.dust.signin import KeptSession
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context
from reconciler.workflows.failures import Stop
from reconciler.workflows.kept_sessions import keeper_of

_NAME = "session"


def session_checks(context: Context) -> tuple[Checked, ...]:
    """What is kept; nothing where that can't be used, for the token's check says why."""
    if context.desired.workspace.spec.credentials.session is None:
        return ()
    try:
        keeper = keeper_of(context)
        session, _ = keeper.read()
    except (Stop, ProviderError):
        return ()
    return () if session is None or session.tokens is None else (_check(session, keeper.name),)


def _check(session: KeptSession, place: str) -> Checked:
    told = (
        f"of {session.sign_in.email} in {place}, stored {session.sign_in.since[:10]}, "
        f"renewed {count(session.generation - 1, 'time')}"
    )
    other = session.renewing
    if other is None:
        return Checked(name=_NAME, health=Health.OK, message=told)
    if other.left:
        return Checked(
            name=_NAME,
            health=Health.WARNING,
            message=f"{told}; {other.text} could not renew it",
            help=("if only the answer was lost, the session is lost; the next run tells",),
        )
    return Checked(name=_NAME, health=Health.OK, message=f"{told}; {other.text} renews it")
