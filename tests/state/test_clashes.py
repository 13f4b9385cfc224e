"""Somebody else writes between a holder's look and its put: their text stays, and the holder stops.

On a disk nothing writes on condition, so that a file is looked at once more right before it is
replaced; a store refuses the write itself.
"""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reconciler.state import Credentials, Owner, Shelf, StateLost
from reconciler.state.stores.bucket import client
from tests.e2e.gatekeeper import Asked, Gatekeeper
from tests.state.places import SHARED, Open, Place
from tests.state.stores import OWNER

_OURS, _OURS_AFTER, _THEIRS = '{"serial": 1}', '{"serial": 2}', '{"serial": 2, "by": "another"}'
_BEN = Owner(user="ben", host="runner-7", pid=43)
Arm = Callable[[], None]


@pytest.mark.places(*SHARED)
def test_a_writer_that_comes_between_look_and_put_keeps_its_text(place: Place) -> None:
    with between(place) as (shelf, arm):

        def write() -> None:
            with shelf.hold(OWNER) as held:
                version = held.write(_OURS, serial=1, expected=held.read().version)
                held.check()
                arm()
                held.write(_OURS_AFTER, serial=2, expected=version)

        with pytest.raises(StateLost):
            write()
    assert place.shelf().read().text == _THEIRS


@contextmanager
def between(place: Place) -> Iterator[tuple[Shelf, Arm]]:
    """A shelf for the place on which, once that is armed, another writes before the next put."""
    if place.path is not None:
        with _at_the_last_look(Path(place.path)) as found:
            yield found
    elif place.url is not None and place.url.startswith("postgres"):
        # One statement looks and puts; whoever writes just before it is as far as one can come.
        yield place.shelf(), lambda: _write_row(place)
    else:
        with _at_the_door(place) as found:
            yield found


@contextmanager
def _at_the_last_look(path: Path) -> Iterator[tuple[Shelf, Arm]]:
    """The clock is asked between the look at the lease and the one at the file."""
    armed: list[bool] = []

    def clock() -> float:
        if armed:
            path.write_text(_THEIRS, "utf-8")
        return 0.0

    yield Place(path=str(path), sealed=True).shelf(clock=clock), lambda: armed.append(True)


@contextmanager
def _at_the_door(place: Place) -> Iterator[tuple[Shelf, Arm]]:
    """What comes by is held up at the door to the store, until the other has written."""
    assert place.url is not None
    origin = re.search(r"http://[^/]+", place.url)
    assert origin
    armed: list[bool] = []
    with Gatekeeper(origin[0]) as door:

        def hold_up(_asked: Asked) -> None:
            if armed:
                armed.clear()
                _write_elsewhere(place)

        door.answer(r"^PUT .*json($|\?)|^POST [^?]*\?ID=", hold_up)
        shelf = _through(place, origin[0], door.url)
        yield shelf, lambda: armed.append(True)


def _through(place: Place, origin: str, door: str) -> Shelf:
    assert place.url is not None
    password = place.password and place.password.replace(origin, door)
    return replace(place, url=place.url.replace(origin, door), password=password).shelf()


def _write_elsewhere(place: Place) -> None:
    assert place.url is not None
    parts = urlsplit(place.url)
    if parts.scheme == "http":  # only who has the lock can write there
        assert place.store().unlock(OWNER.name)
        with place.shelf().hold(_BEN) as held:
            held.write(_THEIRS, serial=2, expected=held.read().version)
        return
    assert place.password
    given = Credentials(username=place.username, password=Open(place.password))
    store = client("the bucket", parts._replace(path="").geturl(), given)
    store.put(parts.path.lstrip("/"), _THEIRS.encode())


def _write_row(place: Place) -> None:
    import psycopg

    assert place.url is not None
    server, _, key = place.url.partition("#")
    with psycopg.connect(server, password=place.password, autocommit=True) as connection:
        done = connection.execute(
            "UPDATE reconciler_state SET text = %s, serial = 2 WHERE key = %s", (_THEIRS, key)
        )
        assert done.rowcount == 1
