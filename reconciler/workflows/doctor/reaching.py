"""Whether the workspace answers, how fast, and how its clock goes."""

import re
from datetime import UTC, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock

from reconciler.network import network_fault
from reconciler.providers import Call, Connection, ProviderError
from reconciler.providers.dust.signin import read_account
from reconciler.secrets import Secret
from reconciler.views import Checked, Health
from reconciler.workflows.context import Context

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


class Observed:
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


def ask_as_nobody(context: Context, observed: Observed) -> None:
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


def outside_checks(context: Context, observed: Observed) -> tuple[Checked, ...]:
    """The address, and the clock where somebody answered."""
    answered = observed.answered
    if answered is not None:
        took = f"{answered.milliseconds:.0f} ms"
        address = Checked(
            name="address", health=Health.OK, message=f"{context.url} answered in {took}"
        )
        return (address, _clock(context, answered))
    fault = None if observed.calls else network_fault()
    if fault is not None:
        words = f"{context.url} isn't asked: {fault.message}"
        return (Checked(name="address", health=Health.FAILED, message=words, help=fault.help),)
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
