"""A session that several machines share is renewed by one at a time, and written back.

The identity provider is npm's oidc-provider, which ends a session when a refresh token is sent
twice.
"""

import base64
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier, Event

import pytest

from reconciler.providers import Forbidden, Interrupted, SignedOut
from reconciler.providers.dust.signin import (
    Ended,
    KeeperTrouble,
    KeptSession,
    KeptSignIn,
    LoginProvider,
    Overtaken,
    Renewing,
    Tokens,
    Why,
)
from reconciler.secrets import Secret
from tests.e2e.gatekeeper import Asked, Gatekeeper, Told
from tests.parts.device_provider import sign_in_at
from tests.signin.machines import (
    AGAIN,
    KINDS,
    QUICK,
    URL,
    Clock,
    Machines,
    places,
    session_of,
    since,
)

_TOKENS = r"POST /user_management/authenticate"


@pytest.fixture(scope="module")
def gate(provider: LoginProvider) -> Iterator[Gatekeeper]:
    with Gatekeeper(provider.origin) as door:
        yield door


@pytest.fixture
def door(gate: Gatekeeper) -> Iterator[Gatekeeper]:
    """The way to the identity provider."""
    gate.log.clear()
    yield gate
    gate.open()


@pytest.fixture(scope="module", params=KINDS)
def making(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Machines]]:
    with places(request.param, tmp_path_factory.mktemp("sessions")) as made:
        yield made


def stored(machines: Machines, door: Gatekeeper, provider: LoginProvider) -> Machines:
    """Somebody has just signed in, and stored the session."""
    through_door = replace(provider, origin=door.url)
    machines.keeper().start(session_of(through_door, sign_in_at(provider)))
    return machines


@pytest.fixture
def machines(making: Callable[[], Machines], door: Gatekeeper, provider: LoginProvider) -> Machines:
    return stored(making(), door, provider)


@pytest.fixture(scope="module")
def simply(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Machines]]:
    with places("sealed file", tmp_path_factory.mktemp("sessions")) as made:
        yield made


@pytest.fixture
def two(simply: Callable[[], Machines], door: Gatekeeper, provider: LoginProvider) -> Machines:
    """Machines with a session in an encrypted file."""
    return stored(simply(), door, provider)


def expire(session: KeptSignIn) -> str:
    """Have the platform call the access token expired; the new one."""
    return session.instead_of(session.current()).reveal()


def renewals(door: Gatekeeper) -> int:
    return sum(b"refresh_token=" in each.body for each in door.log)


def lease(number: int, until: datetime, *, left: bool = False) -> Renewing:
    """That another machine renews."""
    return Renewing(
        id=f"another {number}",
        by=f"ci@runner-{number}:{number}",
        job=f"https://ci/{number}",
        since=until - timedelta(seconds=QUICK.lease),
        until=until,
        left=left,
    )


def access(session: KeptSession) -> str:
    assert session.tokens is not None
    return session.tokens.access.reveal()


@pytest.mark.parametrize("number", [2, 8])
def test_machines_whose_token_expired_at_once_renew_it_once(
    machines: Machines, door: Gatekeeper, number: int
) -> None:
    at_once = Barrier(number)

    def run(machine: int) -> str:
        session = machines.sign_in(machine)
        at_once.wait()
        return expire(session)

    with ThreadPoolExecutor(number) as pool:
        got = set(pool.map(run, range(number)))
    assert renewals(door) == 1
    assert got == {access(machines.kept())}
    expire(machines.sign_in())  # the session wasn't revoked
    assert machines.kept().generation == 3


def test_threads_of_one_machine_renew_once(two: Machines, door: Gatekeeper) -> None:
    session = two.sign_in()
    refused = session.current()
    with ThreadPoolExecutor(8) as pool:
        got = {each.reveal() for each in pool.map(session.instead_of, [refused] * 8)}
    assert len(got) == 1
    assert renewals(door) == 1


def test_each_run_of_a_pipeline_renews_and_writes_back(machines: Machines) -> None:
    seen = [access(machines.kept())]
    for run in range(3):
        now = Clock(ahead=timedelta(hours=run)).now
        session = machines.sign_in(run, pace=replace(QUICK, now=now))
        assert session.current().reveal() == seen[-1]
        seen.append(expire(session))
    assert len(set(seen)) == 4
    kept = machines.kept()
    assert (access(kept), kept.generation, kept.renewing) == (seen[-1], 4, None)


def test_a_renewal_before_the_end_is_left_to_whoever_is_at_it(
    two: Machines, door: Gatekeeper
) -> None:
    # A JWT that ends in ten seconds, which nobody else need read.
    soon = int(datetime.now(UTC).timestamp()) + 10
    token = _jwt(soon)
    two.change(lambda kept: replace(kept, tokens=_with_access(kept, token)))
    two.change(lambda kept: replace(kept, renewing=lease(2, datetime.now(UTC) + _MINUTE)))
    assert two.sign_in().current().reveal() == token
    assert renewals(door) == 0
    two.change(lambda kept: replace(kept, renewing=None))
    assert two.sign_in().current().reveal() != token
    assert renewals(door) == 1


def test_the_lease_of_a_dead_machine_is_waited_for_and_then_taken(
    two: Machines, door: Gatekeeper
) -> None:
    two.change(lambda kept: replace(kept, renewing=lease(2, datetime.now(UTC) + _MINUTE)))
    clock = Clock()
    expire(two.sign_in(pace=clock.pace))
    assert clock.slept <= 20 + QUICK.lease / 10
    (said,) = two.said
    assert said.startswith(
        "waiting for ci@runner-2:2 (https://ci/2), which is renewing the session"
    )
    assert said.endswith("if it died, for 20 s")
    assert renewals(door) == 1


class Patient(Clock):
    """A time that passes for whoever waits, long before much does for others."""

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        Event().wait(0.01)


def test_a_machine_that_waits_long_for_its_answer_is_not_taken_for_dead(
    two: Machines, door: Gatekeeper
) -> None:
    hold, clock = door.hold(_TOKENS, "after"), Patient()
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(expire, two.sign_in(1, pace=replace(QUICK, beat=0.01)))
        hold.wait()
        other = pool.submit(expire, two.sign_in(2, pace=clock.pace))
        while clock.slept < 25 and not other.done():
            Event().wait(0.01)
        waits = not other.done()
        hold.release()
        assert waits, "the first one gave signs of life all the time"
        assert other.result() == running.result()
    assert renewals(door) == 1


def test_an_old_lease_makes_nobody_wait(two: Machines) -> None:
    two.change(lambda kept: replace(kept, renewing=lease(2, datetime.now(UTC) - _MINUTE)))
    clock = Clock()
    expire(two.sign_in(pace=clock.pace))
    assert clock.slept == 0


def test_a_lease_by_a_clock_that_is_far_ahead_is_waited_for_no_longer_than_it_is(
    two: Machines,
) -> None:
    two.change(lambda kept: replace(kept, renewing=lease(2, datetime.now(UTC) + 600 * _MINUTE)))
    clock = Clock()
    expire(two.sign_in(pace=clock.pace))
    assert clock.slept <= QUICK.lease + QUICK.slack + 2


def test_who_waits_can_be_interrupted(two: Machines, door: Gatekeeper) -> None:
    two.change(lambda kept: replace(kept, renewing=lease(2, datetime.now(UTC) + _MINUTE)))
    session = two.sign_in()
    two.stop.set()
    with pytest.raises(Interrupted, match="while another run renews"):
        expire(session)
    assert renewals(door) == 0


def test_a_machine_that_died_before_it_asked_did_no_harm(two: Machines) -> None:
    two.change(lambda kept: replace(kept, renewing=lease(2, datetime.now(UTC) - _MINUTE)))
    expire(two.sign_in())
    assert two.kept().renewing is None


def test_a_machine_that_died_before_it_wrote_is_named_with_what_to_do(
    machines: Machines, door: Gatekeeper
) -> None:
    class Dies(Exception):
        """The end of a machine."""

    def die(_seconds: float) -> None:
        raise Dies

    class Dying:
        """A keeper whose machine dies at its second write."""

        def __init__(self) -> None:
            self.real = machines.keeper()
            self.name = self.real.name
            self.read, self.start, self.needs = self.real.read, self.real.start, self.real.needs
            self.writes = 0

        def write(self, session: KeptSession, version: int) -> int:
            self.writes += 1
            if self.writes == 2:
                raise Dies
            return self.real.write(session, version)

    dying = machines.sign_in(7, keeper=Dying())
    with pytest.raises(Dies):
        expire(dying)
    later = replace(QUICK, now=Clock(ahead=timedelta(hours=1)).now)
    for _ in range(2):  # the second one needn't ask the provider any more
        with pytest.raises(SignedOut, match="is lost since") as e:
            expire(machines.sign_in(pace=later))
        assert "ci@runner-7:7 (https://ci/7) began to renew it and never wrote" in e.value.message
        assert e.value.help == (
            (
                "ana@acme.example, or another administrator of the workspace, signs in again: "
                f"`{AGAIN}`"
            ),
        )
    assert renewals(door) == 2
    assert machines.kept().tokens is None


def test_a_session_that_was_revoked_says_who_has_to_do_what(two: Machines) -> None:
    two.change(lambda kept: replace(kept, tokens=replace(_tokens(kept), refresh=Secret("stolen"))))
    with pytest.raises(SignedOut, match=r"has ended at .* doesn't renew it any more") as caught:
        expire(two.sign_in())
    assert AGAIN in caught.value.help[0]
    with pytest.raises(SignedOut, match=r"has ended at "):
        two.sign_in()


def test_a_client_that_is_refused_ends_no_session(two: Machines, door: Gatekeeper) -> None:
    door.answer(_TOKENS, lambda _asked: Told(status=401, body=b'{"error": "invalid_client"}'))
    with pytest.raises(SignedOut, match="status 401, invalid_client"):
        expire(two.sign_in())
    door.open()
    clock = Clock()
    expire(two.sign_in(pace=clock.pace))
    assert clock.slept == 0


def test_a_provider_that_is_down_leaves_the_session_to_the_next_run(
    two: Machines, door: Gatekeeper
) -> None:
    door.answer(_TOKENS, lambda _asked: Told(status=503, body=b"down"))
    with pytest.raises(SignedOut, match="can't be renewed now"):
        expire(two.sign_in())
    door.open()
    clock = Clock()
    expire(two.sign_in(2, pace=clock.pace))
    assert clock.slept == 0, "it was told that the first one let go"
    assert two.kept().generation == 2


def test_an_answer_that_was_lost_is_told_when_it_counted(two: Machines, door: Gatekeeper) -> None:
    door.answer(_TOKENS, lambda asked: (door.forward(asked), Told(status=503, body=b""))[1])
    with pytest.raises(SignedOut, match="can't be renewed now"):
        expire(two.sign_in(3))
    door.open()
    with pytest.raises(SignedOut, match=r"is lost since .*: ci@runner-3:3"):
        expire(two.sign_in(4))


def test_an_answer_that_was_lost_is_told_at_the_next_try_already(
    two: Machines, door: Gatekeeper
) -> None:
    lost: list[Told] = []

    def lose_the_first(asked: Asked) -> Told | None:
        if lost:
            return None
        lost.append(door.forward(asked))
        return Told(status=503, body=b"")

    door.answer(_TOKENS, lose_the_first)
    with pytest.raises(SignedOut, match=r"is lost since .*: ci@runner-3:3"):
        expire(two.sign_in(3))


def test_nothing_is_used_up_where_nothing_can_be_written(two: Machines, door: Gatekeeper) -> None:
    keeper = _Refusing(two)
    session = two.sign_in(keeper=keeper)
    keeper.refuses = True
    with pytest.raises(SignedOut, match="can't be renewed now: the disk is full"):
        expire(session)
    assert renewals(door) == 0
    keeper.refuses = False
    expire(session)


def test_what_can_t_be_written_back_at_first_is_written_later(
    two: Machines, door: Gatekeeper
) -> None:
    keeper = _Refusing(two)
    session = two.sign_in(keeper=keeper)
    keeper.refuse_after(1)
    first = expire(session)
    assert session.current().reveal() == first, "this run goes on with it"
    assert "the renewed session can't be written down: the disk is full" in two.said[0]
    assert access(two.kept()) != first
    second = expire(session)  # it may well be renewed once more meanwhile
    keeper.refuses = False
    third = expire(session)
    assert len({first, second, third}) == 3
    assert access(two.kept()) == third
    assert renewals(door) == 3


def test_what_could_not_be_written_back_is_tried_once_more_at_the_end(two: Machines) -> None:
    keeper = _Refusing(two)
    session = two.sign_in(keeper=keeper)
    keeper.refuse_after(1)
    fresh = expire(session)
    session.settle()
    assert "is lost, for it can't be written down: the disk is full" in two.said[-1]
    assert f"store a new one: `{AGAIN}`" in two.said[-1]
    keeper.refuses = False
    session.settle()
    assert access(two.kept()) == fresh
    expire(two.sign_in())


def test_a_few_failures_of_the_place_are_ridden_out(two: Machines) -> None:
    keeper = _Refusing(two)
    session = two.sign_in(keeper=keeper)
    keeper.refuse_after(1, times=2)
    assert expire(session) == access(two.kept())
    assert two.said == []


def test_a_machine_that_was_taken_for_dead_brings_its_tokens_all_the_same(
    two: Machines, door: Gatekeeper
) -> None:
    hold = door.hold(_TOKENS, "after")
    slow = two.sign_in(1)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(expire, slow)
        hold.wait()  # the answer is under way, and takes longer than the lease
        with suppress(SignedOut):
            expire(two.sign_in(2, pace=replace(QUICK, now=Clock(ahead=timedelta(hours=1)).now)))
        hold.release()
        got = running.result()
    assert access(two.kept()) == got
    assert two.kept().ended is None


def test_a_new_sign_in_meanwhile_is_not_written_over(
    two: Machines, door: Gatekeeper, provider: LoginProvider
) -> None:
    hold = door.hold(_TOKENS, "after")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(expire, two.sign_in())
        hold.wait()
        stored(two, door, provider)
        anew = access(two.kept())
        hold.release()
        running.result()
    assert access(two.kept()) == anew


def test_tokens_of_a_former_sign_in_do_not_wake_a_later_one_that_is_lost(
    two: Machines, door: Gatekeeper
) -> None:
    hold = door.hold(_TOKENS, "after")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(expire, two.sign_in())
        hold.wait()
        lost = Ended(why=Why.LOST, at=datetime.now(UTC), by="ci@runner-9:9")
        two.change(lambda kept: since(kept, "later").over(lost))
        hold.release()
        running.result()
    assert two.kept().ended == lost


def test_a_place_that_is_written_all_the_time_is_told(two: Machines, door: Gatekeeper) -> None:
    class Busy(_Refusing):
        def write(self, session: KeptSession, version: int) -> int:
            raise Overtaken("somebody else did")

    with pytest.raises(SignedOut, match="written by others again and again"):
        expire(two.sign_in(pace=Clock().pace, keeper=Busy(two)))
    assert renewals(door) == 0


def test_a_lease_that_is_nearly_over_before_the_provider_is_asked_is_taken_anew(
    two: Machines, door: Gatekeeper
) -> None:
    slow = _Slow(two)
    expire(two.sign_in(pace=slow.time.pace, keeper=slow))
    first, second = slow.leases
    assert first.until < second.until
    assert renewals(door) == 1


def test_a_lease_under_which_nothing_was_sent_is_not_what_lost_a_session(two: Machines) -> None:
    slow = _Slow(two)
    two.change(lambda kept: replace(kept, tokens=replace(_tokens(kept), refresh=Secret("stolen"))))
    with pytest.raises(SignedOut, match="has ended at"):
        expire(two.sign_in(pace=slow.time.pace, keeper=slow))
    assert len(slow.leases) == 2


def test_a_session_for_another_address_is_used_for_nothing(two: Machines, door: Gatekeeper) -> None:
    two.change(lambda kept: _elsewhere(kept, url="https://evil.example"))
    with pytest.raises(Forbidden, match=r"is for https://evil.example, and its tokens"):
        two.sign_in()
    two.change(lambda kept: _elsewhere(kept, url=URL, workspaces=("globex",)))
    with pytest.raises(Forbidden, match="who is in other workspaces than this"):
        two.sign_in()
    assert door.log == []


def test_where_no_session_is_stored_it_says_how_to_store_one(
    simply: Callable[[], Machines],
) -> None:
    with pytest.raises(SignedOut, match="no session is stored in") as caught:
        simply().sign_in()
    assert caught.value.help == (f"an administrator of the workspace stores one: `{AGAIN}`",)


_MINUTE = timedelta(minutes=1)


class _Refusing:
    """A keeper that can't write when it is told so."""

    def __init__(self, machines: Machines) -> None:
        self.real = machines.keeper()
        self.name = self.real.name
        self.read, self.start, self.needs = self.real.read, self.real.start, self.real.needs
        self.refuses = False
        self._good: int | None = None
        self._times = 0

    def refuse_after(self, writes: int, *, times: int = 1000) -> None:
        self._good, self._times = writes, times

    def write(self, session: KeptSession, version: int) -> int:
        if self._good is not None:
            self._good -= 1
            if self._good < 0:
                self._good = None
                self.refuses = True
        if self.refuses:
            self._times -= 1
            self.refuses = self._times > 0
            raise KeeperTrouble("the disk is full")
        return self.real.write(session, version)


class _Slow(_Refusing):
    """A keeper that takes nearly all the time of a lease to write the first one down."""

    def __init__(self, machines: Machines) -> None:
        super().__init__(machines)
        self.time = Clock()
        self.leases: list[Renewing] = []

    def write(self, session: KeptSession, version: int) -> int:
        if session.renewing is not None:
            self.leases.append(session.renewing)
            self.time.sleep(100 if len(self.leases) == 1 else 1)
        return super().write(session, version)


def _tokens(kept: KeptSession) -> Tokens:
    assert kept.tokens is not None
    return kept.tokens


def _with_access(kept: KeptSession, token: str) -> Tokens:
    return replace(_tokens(kept), access=Secret(token))


def _elsewhere(kept: KeptSession, **there: object) -> KeptSession:
    return replace(kept, sign_in=replace(kept.sign_in, **there))  # type: ignore[arg-type]


def _jwt(ends: int) -> str:
    claims = json.dumps({"iat": ends - 300, "exp": ends}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.sig"
