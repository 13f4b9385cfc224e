"""The resolver: each reference once, in parallel, interruptible, and locatable when it fails."""

import os
from collections import Counter
from collections.abc import Callable
from threading import Barrier, Event, Lock, Thread

import pytest

from reconciler.diagnostics import Code, Span, render_text
from reconciler.resources import SecretRef
from reconciler.secrets import Backend, Resolver, Secret, SecretFailure, Surroundings
from tests.secrets.outcomes import failed, one, revealed


class Counting:
    """A backend that counts what it is asked."""

    def __init__(self, before: Callable[[SecretRef], object] = lambda _: None) -> None:
        self.asked: Counter[SecretRef] = Counter()
        self.closed = 0
        self._before = before
        self._lock = Lock()

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        with self._lock:
            self.asked[reference] += 1
        self._before(reference)
        return Secret(f"value of {reference.locator}")

    def close(self) -> None:
        self.closed += 1

    def __call__(self, surroundings: Surroundings) -> Backend:
        return self


def references(count: int) -> list[SecretRef]:
    return [SecretRef("test", f"N{number}") for number in range(count)]


def test_which_references_were_read_is_told_and_never_a_value() -> None:
    told: list[str] = []
    resolver = Resolver(environ={"TOKEN": "the-value"}, trace=told.append)
    resolver.resolve([SecretRef("env", "TOKEN"), SecretRef("env", "GONE")])
    assert sorted(told) == ["secret env:GONE: secret-missing", "secret env:TOKEN: read"]


def test_every_reference_gets_its_own_value() -> None:
    wanted = references(200)
    with Resolver(backends={"test": Counting()}) as resolver:
        found = resolver.resolve(wanted)
    assert list(found) == wanted
    assert [revealed(value) for value in found.values()] == [
        f"value of {reference.locator}" for reference in wanted
    ]


def test_a_reference_is_read_once_however_often_it_is_asked_for() -> None:
    backend = Counting()
    with Resolver(backends={"test": backend}) as resolver:
        first = resolver.resolve(references(3) * 2)
        second = resolver.resolve(references(5))
    assert backend.asked == Counter(references(5))
    assert all(first[reference] is second[reference] for reference in references(3))


def test_threads_that_ask_at_once_share_one_reading() -> None:
    start = Barrier(8)
    backend = Counting()
    with Resolver(backends={"test": backend}) as resolver:

        def ask() -> None:
            start.wait()
            resolver.resolve(references(20))

        threads = [Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert backend.asked == Counter(references(20))


def test_references_are_read_in_parallel() -> None:
    together = Barrier(4, timeout=60)  # breaks unless four readings are under way at once
    with Resolver(workers=4, backends={"test": Counting(lambda _: together.wait())}) as resolver:
        found = resolver.resolve(references(8))
    assert all(isinstance(value, Secret) for value in found.values())


def test_no_more_references_are_read_at_once_than_there_are_workers() -> None:
    lock, running, most = Lock(), 0, 0
    pause = Event()

    def watch(_: SecretRef) -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pause.wait(0.002)
        with lock:
            running -= 1

    with Resolver(workers=3, backends={"test": Counting(watch)}) as resolver:
        threads = [
            Thread(target=resolver.resolve, args=(references(30)[part::3],)) for part in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most <= 3


def test_an_interruption_ends_the_wait_for_a_backend_that_hangs() -> None:
    stop, reached, release = Event(), Event(), Event()

    def hang(_: SecretRef) -> None:
        reached.set()
        release.wait()

    resolver = Resolver(workers=1, stop=stop, backends={"test": Counting(hang)})

    def interrupt() -> None:
        reached.wait()
        stop.set()

    interrupting = Thread(target=interrupt)
    interrupting.start()
    try:
        found = resolver.resolve(references(3))
    finally:
        release.set()
        interrupting.join()
    assert {failed(value).code for value in found.values()} == {Code.SECRET_UNREACHABLE}
    assert all("interrupted" in failed(value).message for value in found.values())


def test_a_bug_in_a_backend_is_not_taken_for_a_failure() -> None:
    def crash(_: SecretRef) -> None:
        raise ZeroDivisionError

    resolver = Resolver(backends={"test": Counting(crash)})
    with pytest.raises(ZeroDivisionError):
        resolver.resolve(references(1))


def test_an_unknown_scheme_is_malformed_and_the_known_ones_are_listed() -> None:
    found = failed(one(Resolver(environ={}), "keeper", "prod/token"))
    assert found.code is Code.SECRET_MALFORMED
    assert found.message == "secret `keeper:prod/token` names the unknown scheme `keeper`"
    known = "`aws`, `azure`, `env`, `file`, `gcp`, `op`, `plugin`, `sops`, `vault`"
    assert found.help == (f"known schemes are {known}",)


def test_without_an_environment_the_process_s_own_is_used() -> None:
    name = next(name for name, value in os.environ.items() if value.isalnum())
    assert revealed(one(Resolver(), "env", name)) == os.environ[name]


def test_closing_lets_go_of_backends_once() -> None:
    backend = Counting()
    with Resolver(backends={"test": backend}) as resolver:
        resolver.resolve(references(2))
    resolver.close()
    assert backend.closed == 1


def test_nothing_to_resolve_starts_nothing() -> None:
    backend = Counting()
    assert dict(Resolver(backends={"test": backend}).resolve([])) == {}
    assert not backend.asked


def test_a_failure_becomes_a_located_diagnostic() -> None:
    found = failed(one(Resolver(environ={}), "env", "TOKEN"))
    span = Span(
        file="github.yaml",
        line=7,
        column=10,
        end_line=7,
        end_column=22,
        excerpt="  token: {env: TOKEN}",
    )
    diagnostic = found.to_diagnostic(span, "MCPServer/github")
    assert (diagnostic.code, diagnostic.address) == (Code.SECRET_MISSING, "MCPServer/github")
    text = render_text([diagnostic])
    assert text.startswith("error[secret-missing]: secret `env:TOKEN` is missing")
    assert "github.yaml:7:10" in text
    assert "help: set `TOKEN`" in text
