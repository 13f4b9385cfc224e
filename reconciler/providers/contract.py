"""The provider boundary: read, forecast, write. A provider never overrides planning."""

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from threading import Event, Lock
from typing import Any, Protocol

from reconciler.resources import Address, Change, Operation, Path, SecretRef, Snapshot, Users
from reconciler.secrets import Secret
from reconciler.state import Consent


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One HTTP exchange, for `--debug` and `doctor`: no body, and no header with a secret in it.

    `query` has the values of parameters that are known to be harmless, of others the names.
    `reason` tells why there is no `status`; `request_id` is the server's name for the exchange,
    `date` its clock (an HTTP date), both empty when it says none.
    """

    method: str
    path: str
    status: int | None
    milliseconds: float
    attempt: int = 1
    query: str = ""
    reason: str = ""
    request_id: str = ""
    date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A wait of so many seconds before a call is tried again.

    `attempt` is the number of the try that follows, `asked` whether the platform asked for the wait
    (429, or a Retry-After), `reason` why the call didn't go through.
    """

    method: str
    path: str
    seconds: float
    attempt: int
    asked: bool
    reason: str


class Renewal(Protocol):
    """A stored sign-in, whose access token is replaced before and when it expires.

    Safe to use from several threads. Both raise SignedOut when there is no other way than to
    sign in again.
    """

    def current(self) -> Secret:
        """The access token to send now, renewed when it is about to expire."""
        ...

    def instead_of(self, refused: Secret) -> Secret:
        """Another token in place of one that the platform called expired."""
        ...


_SKEW = 0.25  # seconds by which the clocks of a platform's own machines may differ


class PlatformClock:
    """The platform's time, as its answers tell it. Safe to use from several threads.

    The `Date` of an answer (RFC 9110, section 6.6.1: whole seconds, rounded down) was true when the
    answer was sent, so that it is now at least that, and what has gone by since it came. The latest
    time of all answers counts: whatever the network does, it never runs ahead of the platform's.
    """

    def __init__(self, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._elapsed = elapsed
        self._lock = Lock()
        self._ahead: float | None = None

    def heard(self, date: str) -> None:
        """Take an answer's `Date` into account; one that is none is passed over."""
        came = self._elapsed()
        try:
            told = parsedate_to_datetime(date)
        except (ValueError, TypeError, OverflowError):
            return
        if told.tzinfo is None:
            return
        ahead = told.timestamp() - came
        with self._lock:
            self._ahead = ahead if self._ahead is None else max(self._ahead, ahead)

    def now(self) -> int | None:
        """Milliseconds since 1970, never later than it is there; None before any answer."""
        with self._lock:
            ahead = self._ahead
        return None if ahead is None else int((self._elapsed() + ahead - _SKEW) * 1000)


def _without_a_lock() -> None:
    raise AssertionError("this is a bug: a write that nobody asked the lock for")


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How to reach a workspace.

    `url` is the origin (scheme, host, port), `timeout` the seconds that one exchange may take,
    `attempts` how often a call is tried at most, `stop` is set when the user interrupts,
    `observe` is told of each exchange and `paused` of each wait before a call is tried again (from
    worker threads). `renewal`, where there is one, gives
    the token to send each time; without it `token` is sent as long as it counts. `clock` is set by
    the answers that come.

    `permit` is called right before each try of each call that changes anything, repeats included
    (from worker threads), and raises StateError when the state's lock isn't ours any more: then
    nothing is sent. A connection to read from needs none, and one without it can't write.
    """

    url: str
    workspace_id: str
    token: Secret
    timeout: float = 30.0
    attempts: int = 5
    parallelism: int = 8
    stop: Event = field(default_factory=Event)
    observe: Callable[[Call], None] = lambda _call: None
    paused: Callable[[Pause], None] = lambda _pause: None
    renewal: Renewal | None = None
    clock: PlatformClock = field(default_factory=PlatformClock, compare=False)
    permit: Callable[[], None] = _without_a_lock


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadRequest:
    """What planning needs to know.

    Objects of a kind in `owned` (remote ids), in `claimed` (ids that a person typed) or whose title
    is in `titles` (casefolded display names) are read in full; the rest may be read in outline,
    unless `everything` is wanted. What is owned and not listed is asked for by itself.
    `members` and `groups` ask for the directory.
    """

    owned: Mapping[str, frozenset[str]]
    titles: Mapping[str, frozenset[str]]
    claimed: Mapping[str, frozenset[str]] = field(default_factory=dict)
    members: bool = False
    groups: bool = False
    everything: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who the credential belongs to."""

    email: str
    role: str
    workspace_name: str


@dataclass(slots=True, kw_only=True)
class Run:
    """What the operations of one change share while they run.

    `remote_id` is the object they work on (set by the executor after a creating operation);
    `resolve` gives the remote id of another resource; `secret` a resolved secret; `facts` is
    the provider's scratch, seeded with the live object's facts. `consent` is the sign-in that
    was asked for before, if one is waited for; `learned` what the platform decided of fields that
    the manifest leaves open (paths of the spec). `wrote` says that an operation of several calls
    has changed something, whatever becomes of the rest of it.
    """

    remote_id: str | None
    resolve: Callable[[Address], str]
    secret: Callable[[SecretRef], Secret]
    facts: dict[str, Any] = field(default_factory=dict)
    consent: Consent | None = None
    learned: dict[Path, Any] = field(default_factory=dict)
    wrote: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What an operation answered: the new object's id, if it created one.

    `settles` are top-level fields that are now as the manifest says, whatever comes next; only
    needed for what can't be read back and costs a person something to do again.
    """

    remote_id: str | None = None
    settles: tuple[str, ...] = ()


class Reader(Protocol):
    """Knows GET alone."""

    def check_access(self) -> Caller:
        """Who calls; raises Forbidden when that person can't manage the workspace."""
        ...

    def snapshot(self, request: ReadRequest) -> Snapshot:
        """The workspace as it is; raises ProviderError rather than return a partial list."""
        ...

    def now(self) -> int | None:
        """The platform's time in milliseconds, never later than it is there; None if unknown."""
        ...

    def users(self, remote_ids: Iterable[str]) -> Mapping[str, Users]:
        """Who uses these objects now; without those that the platform tells nothing of.

        Raises ProviderError.
        """
        ...


class Writer(Protocol):
    """Performs one operation at a time; safe to use from several threads."""

    def perform(self, operation: Operation, change: Change, run: Run) -> Done:
        """Send it.

        Raises ProviderError; OutcomeUnknown when it may have happened, ConsentPending when a
        person has to sign in first. Raises what the connection's `permit` raises.
        """
        ...

    def finish_sign_in(self, consent: Consent, callback: str) -> None:
        """Finish the sign-in with the address that the person's browser landed on.

        Raises ProviderError: Rejected for a denied sign-in or another one's address, Forbidden
        when it isn't the caller's.
        """
        ...


class Provider(Protocol):
    """A platform."""

    name: str

    def operations(self, change: Change) -> tuple[Operation, ...]:
        """The calls that the change takes, in order; pure."""
        ...

    def consequences(self, change: Change) -> tuple[str, ...]:
        """What the change does beyond its fields, in words; pure."""
        ...

    def breaks_users(self, change: Change) -> bool:
        """Whether the change takes the object from those who use it; pure."""
        ...

    def callbacks(self, connection: Connection) -> Mapping[str, str]:
        """By auth mode: the redirect URI that the platform itself reports.

        Raises ProviderError.
        """
        ...

    def reader(self, connection: Connection) -> AbstractContextManager[Reader]:
        """A session that can't write."""
        ...

    def writer(self, connection: Connection) -> AbstractContextManager[Writer]:
        """A session that can."""
        ...
