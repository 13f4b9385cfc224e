"""Faults at the wire of shared stores: each ends with the write done once, or the run stopped."""

import socket
import struct
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.resources import Address
from reconciler.state import (
    Credentials,
    FileShelf,
    Held,
    Keys,
    Lease,
    Opening,
    Owner,
    SealedRecord,
    SharedStore,
    StateError,
    StateLocked,
    StateLost,
    StateRolledBack,
    StateUnreachable,
    StateUnwritable,
    Tries,
    accept,
)
from reconciler.state.committing import GroupCommit
from reconciler.state.model import State
from reconciler.state.stores.bucket import client
from reconciler.state.stores.postgres import PostgresShelf
from reconciler.state.stores.postgres_row import Table, secured
from reconciler.state.stores.tries import Trouble, retry_after
from tests.e2e.gatekeeper import Asked, Gatekeeper, Told
from tests.parts.buckets import Bucket, s3
from tests.parts.postgres_server import PASSWORD, PostgresServer, postgres_server
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.parts.state_server import PASSWORD as TOKEN
from tests.parts.state_server import USERNAME, Fault, StateServer, state_server
from tests.state.places import KEY, QUICK, Open, Place
from tests.state.stores import FINANCE, GITHUB, OWNER, entry, intent

DOWN: list[Fault] = ["500 before"] * QUICK.attempts
EMPTY = State(provider="dust", workspace_id="w1", lineage="l1")


@pytest.fixture(scope="module")
def served() -> Iterator[StateServer]:
    """A state server."""
    with state_server() as server:
        yield server


@pytest.fixture
def gitlab(served: StateServer, request: pytest.FixtureRequest) -> Place:
    """A place on it of the test's own; what goes wrong is the test's own, too."""
    served.faults.clear()
    served.log.clear()
    return Place(url=f"{served.url}-{request.node.name}", username=USERNAME, password=TOKEN)


@pytest.mark.parametrize("fault", ["500 before", "500 after", "reset before", "reset after", "429"])
@pytest.mark.parametrize("method", ["GET", "POST", "LOCK", "UNLOCK"])
def test_a_fault_of_a_state_server_is_ridden_out(
    served: StateServer, gitlab: Place, method: str, fault: Fault
) -> None:
    served.fail(method, fault, fault)
    with gitlab.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
    assert gitlab.store().load().entries.keys() == {FINANCE}
    with gitlab.store().session(owner=OWNER, tool="1.0"):
        pass


def test_a_state_server_that_stays_down_stops_the_run_and_the_next_goes_on(
    served: StateServer, gitlab: Place
) -> None:
    def run() -> None:
        with gitlab.store().session(owner=OWNER, tool="1.0") as held:
            held.intend(intent())
            served.fail("POST", *DOWN)
            with pytest.raises(StateUnwritable, match="the server answered 500"):
                held.put(GITHUB, entry("rms_1"))
            with pytest.raises(StateUnwritable):
                held.intend(intent("jira"))
            served.fail("POST", *DOWN)

    with pytest.raises(StateUnwritable):
        run()
    assert [each.address for each in gitlab.store().load().unfinished] == [GITHUB]


def test_what_could_not_be_written_for_a_while_is_written_at_the_end(
    served: StateServer, gitlab: Place
) -> None:
    def run() -> None:
        with gitlab.store().session(owner=OWNER, tool="1.0") as held:
            served.fail("POST", *DOWN)
            held.put(FINANCE, entry())

    with pytest.raises(StateUnwritable):
        run()
    assert gitlab.store().load().entries.keys() == {FINANCE}


def test_a_state_server_is_written_to_no_more_often_than_durability_needs(
    served: StateServer, gitlab: Place
) -> None:
    with gitlab.store().session(owner=OWNER, tool="1.0") as held:
        held.intend(intent())
        held.put(GITHUB, entry("rms_1"))
        held.put(GITHUB, entry("rms_1"))
        held.settle(GITHUB, "create", "done")
        held.put_all({Address("Space", f"s{n}"): entry(f"vlt_{n}") for n in range(50)})
    assert served.log.count("POST") == 3


def test_credentials_that_a_state_server_refuses_are_said(gitlab: Place) -> None:
    with pytest.raises(StateUnreachable, match=r"refuses the credentials \(401\)") as caught:
        replace(gitlab, password="wrong").store().load()
    assert "wrong" not in str(caught.value.help)


def test_a_lock_that_terraform_holds_is_told_with_its_owner() -> None:
    info = '{"ID": "0f-1", "Who": "eve@desk", "Created": "2026-11-25T20:00:00.5Z", "Info": ""}'
    with ScriptedHttp() as server:
        server.on("POST", "/s/lock", Reply(status=423, body=info.encode()))
        place = Place(url=f"{server.url}/s")
        with pytest.raises(StateLocked, match="eve@desk") as caught:
            place.store().session(owner=OWNER, tool="1.0").__enter__()
        assert any("doesn't end by itself" in line for line in caught.value.help)


@pytest.mark.parametrize("status", [301, 400, 405, 507])
def test_an_answer_that_is_none_of_the_protocol_stops_the_run(status: int) -> None:
    with ScriptedHttp() as server:
        server.on("GET", "/s", Reply(status=status, headers={"location": "https://evil.example"}))
        with pytest.raises(StateUnreachable, match=f"the server answered {status}"):
            Place(url=f"{server.url}/s").store().load()
        assert len(server.log) == 1


@pytest.mark.parametrize("fault", ["silence", "truncate", "hang-up", "reset"])
def test_a_state_server_that_never_answers_is_given_up(fault: str) -> None:
    with ScriptedHttp() as server:
        server.on("GET", "/s", Reply(json={}, fault=fault))  # type: ignore[arg-type]
        shelf = Place(url=f"{server.url}/s").shelf(
            tries=Tries(attempts=2, first=0.01, most=0.01, seconds=0.2)
        )
        with pytest.raises(StateUnreachable, match="no answer"):
            shelf.read()


def test_reading_ends_when_the_user_wants_to_go() -> None:
    stop = threading.Event()
    stop.set()
    shelf = Place(url="http://127.0.0.1:1/s").shelf(tries=Tries(first=60, stop=stop))
    with pytest.raises(StateUnreachable, match="interrupted after: ConnectError"):
        shelf.read()


def test_a_state_server_with_no_date_leaves_it_open_how_old_the_state_is(gitlab: Place) -> None:
    with gitlab.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
    with gitlab.store().session(owner=OWNER, tool="1.0") as held:
        assert held.quiet == 0.0


@pytest.mark.parametrize(
    ("text", "seconds"), [("7", 7.0), (None, None), ("soon", None), ("-1", None)]
)
def test_what_a_store_asks_to_wait(text: str | None, seconds: float | None) -> None:
    assert retry_after(text) == seconds


def test_a_write_that_may_have_happened_is_looked_for_before_it_is_sent_again() -> None:
    sent: list[str] = []

    def send() -> str:
        sent.append("sent")
        raise Trouble("no answer", sent=True)

    tries = Tries(first=0, most=0)
    assert tries.writing("x", send, lambda: "found") == "found"
    assert sent == ["sent"]


class _LosesAnAnswer(FileShelf):
    """A file on which the first write is done, and its answer lost."""

    @contextmanager
    def hold(self, owner: Owner) -> Iterator["_AnswerLost"]:  # type: ignore[override]  # a Held too
        with super().hold(owner) as held:
            yield _AnswerLost(held)


class _AnswerLost:
    inherited: Lease | None = None

    def __init__(self, held: Held) -> None:
        self.check, self.read = held.check, held.read
        self._held = held
        self._heard = False

    def write(self, text: str, *, serial: int, expected: str | None) -> str:
        version = self._held.write(text, serial=serial, expected=expected)
        if not self._heard:
            self._heard = True
            raise StateUnwritable("x", "no answer")
        return version


def test_a_write_whose_answer_was_lost_is_no_clash_with_the_write_at_the_end(
    tmp_path: Path,
) -> None:
    there = SharedStore(_LosesAnAnswer(tmp_path / "s.json"), provider="dust", workspace_id="w1")
    with there.session(owner=OWNER, tool="1.0") as held:
        with pytest.raises(StateUnwritable):
            held.put(FINANCE, entry())
        with pytest.raises(StateUnwritable):
            held.put(GITHUB, entry("rms_1"))
    assert there.load().entries.keys() == {FINANCE, GITHUB}


def test_a_record_whose_answer_was_lost_is_written_again(tmp_path: Path) -> None:
    there = SealedRecord(
        shelf=_LosesAnAnswer(tmp_path / "s.json"),
        what="note",
        provider="dust",
        workspace_id="w1",
        keys=Keys(current=KEY),
    )
    with there.hold(OWNER) as held:
        with pytest.raises(StateUnwritable):
            held.write("one")
        held.write("two")
    assert there.read_version() == ("two", 2)


def test_a_lock_that_was_interrupted_while_it_was_taken_is_given_back(
    served: StateServer, gitlab: Place
) -> None:
    def interrupt(_limit: float) -> float:
        raise KeyboardInterrupt

    served.fail("LOCK", "reset after")
    shelf = gitlab.shelf(tries=replace(QUICK, jitter=interrupt))
    with pytest.raises(KeyboardInterrupt), shelf.hold(OWNER):
        pass
    with gitlab.store().session(owner=OWNER, tool="1.0"):
        pass


def test_a_lock_whose_answers_were_lost_is_given_back(served: StateServer, gitlab: Place) -> None:
    lost: list[Fault] = ["reset after"] * QUICK.attempts
    served.fail("LOCK", *lost)
    with pytest.raises(StateUnreachable), gitlab.store().session(owner=OWNER, tool="1.0"):
        pass
    with gitlab.store().session(owner=OWNER, tool="1.0"):
        pass


@pytest.fixture(scope="module")
def database() -> Iterator[PostgresServer]:
    """A PostgreSQL that tests may stop and start."""
    with postgres_server() as server:
        yield server


def in_database(database: PostgresServer, key: str) -> Place:
    """A place in it."""
    return Place(url=f"{database.url}?table=other.states#{key}", password=PASSWORD)


def ask(database: PostgresServer, statement: str) -> list[tuple[object, ...]]:
    """Ask the database."""
    import psycopg

    with psycopg.connect(database.url, password=PASSWORD, autocommit=True) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def test_a_run_goes_on_when_its_connection_to_the_database_broke(database: PostgresServer) -> None:
    ask(database, "CREATE SCHEMA IF NOT EXISTS other")
    place = in_database(database, "broke")
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
        ask(database, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'")
        held.put(GITHUB, entry("rms_1"))
        database.stop()
        database.start()
        held.put(FINANCE, entry("vlt_2"))
        with pytest.raises(StateLocked), place.store().session(owner=OWNER, tool="1.0"):
            pass
    entries = place.store().load().entries
    assert {a: e.remote_id for a, e in entries.items()} == {FINANCE: "vlt_2", GITHUB: "rms_1"}


class _AwayForLonger(PostgresShelf):
    """A database that is still away when it is first asked again, and back after that."""

    back: Callable[[], None] | None = None

    def _open(self) -> Table:
        back, self.back = self.back, None
        if back is not None:
            with pytest.raises(Trouble):
                super()._open()
            back()
            raise Trouble("it was away", sent=False)
        return super()._open()


def test_a_run_goes_on_when_the_database_was_away_for_longer_than_one_try(
    database: PostgresServer,
) -> None:
    given = Credentials(password=Open(PASSWORD))
    opening = Opening(credentials=lambda: given, tries=QUICK)
    shelf = _AwayForLonger(f"{database.url}#away", key="", opening=opening)
    store = SharedStore(shelf, provider="dust", workspace_id="w1")
    with store.session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
        database.stop()
        shelf.back = database.start
        held.put(GITHUB, entry("rms_1"))
        held.check()
    assert store.load().entries.keys() == {FINANCE, GITHUB}


def test_a_run_whose_row_was_taken_while_it_was_cut_off_is_lost(database: PostgresServer) -> None:
    ask(database, "CREATE SCHEMA IF NOT EXISTS other")
    place = in_database(database, "taken")

    def run() -> None:
        with place.store().session(owner=OWNER, tool="1.0") as held:
            held.put(FINANCE, entry())
            ask(database, "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE objsubid = 1")
            with place.store().session(owner=OWNER, tool="1.0") as other:
                other.put(GITHUB, entry("rms_1"))
            held.put(FINANCE, entry("vlt_9"))

    with pytest.raises(StateLost):
        run()
    assert place.store().load().entries[FINANCE].remote_id == "vlt_1"


def test_a_text_that_was_put_back_without_its_serial_is_noticed(database: PostgresServer) -> None:
    ask(database, "CREATE SCHEMA IF NOT EXISTS other")
    place = in_database(database, "back")
    for remote_id in ("vlt_1", "vlt_2"):
        with place.store().session(owner=OWNER, tool="1.0") as held:
            held.put(FINANCE, entry(remote_id))
        if remote_id == "vlt_1":
            ask(database, "CREATE TABLE kept AS SELECT text FROM other.states WHERE key = 'back'")
    restore = "UPDATE other.states SET text = (SELECT text FROM kept) WHERE key = 'back'"
    ask(database, restore)
    with pytest.raises(StateRolledBack, match="it has serial 1, and serial 2 was there before"):
        place.store().load()
    assert accept(place.store(), seen=place.store().load(sealed=False), owner=OWNER)
    assert place.store().load().entries[FINANCE].remote_id == "vlt_1"


def test_credentials_that_a_database_refuses_are_said(database: PostgresServer) -> None:
    place = replace(in_database(database, "x"), password="not-the-password")
    with pytest.raises(StateUnreachable, match="password authentication failed") as caught:
        place.store().load()
    assert "not-the-password" not in caught.value.message


@contextmanager
def impostor() -> Iterator[tuple[str, list[bytes]]]:
    """What answers for a database without TLS, and asks for the password in the open; what came."""
    came: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    with client, suppress(OSError, struct.error):
                        _ask_for_password(client)
                        came.append(client.recv(400))

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"postgresql://tool@127.0.0.1:{listener.getsockname()[1]}/db", came
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def _ask_for_password(client: socket.socket) -> None:
    (length,) = struct.unpack("!I", client.recv(4))
    if client.recv(length - 4)[:4] == struct.pack("!I", 80877103):  # whether there is TLS
        client.send(b"N")
        (length,) = struct.unpack("!I", client.recv(4))
        client.recv(length - 4)
    client.send(b"R" + struct.pack("!II", 8, 3))


@pytest.mark.parametrize("by", ["the manifest", "PGPASSWORD", "a file"])
def test_a_database_that_asks_for_the_password_in_the_open_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    with impostor() as (url, came):
        if by == "PGPASSWORD":
            monkeypatch.setenv("PGPASSWORD", "canary-of-the-database")
        if by == "a file":
            file = tmp_path / "pgpass"
            file.write_text("*:*:*:*:canary-of-the-database\n")
            file.chmod(0o600)
            monkeypatch.setenv("PGPASSFILE", str(file))
        password = "canary-of-the-database" if by == "the manifest" else None
        with pytest.raises(StateUnreachable, match="authentication method requirement") as caught:
            Place(url=url, password=password).store().load()
    assert "?require_auth=" in caught.value.help[-1]
    assert came
    assert b"canary" not in b"".join(came)


def test_another_way_to_send_a_password_is_used_where_the_url_says_so() -> None:
    with impostor() as (url, came), pytest.raises(StateUnreachable):
        Place(url=f"{url}?require_auth=password", password="canary").shelf(
            tries=replace(QUICK, attempts=1)
        ).read()
    assert b"canary" in b"".join(came)


ASKED, LET_IN = {"require_auth": "scram-sha-256"}, {"require_auth": "!password,!md5"}
TLS = {"sslmode": "require"}


@pytest.mark.parametrize(
    ("url", "given", "environ", "insisted"),
    [
        ("postgresql://u@db.example/d", {"password": "x"}, {}, {**ASKED, **TLS}),
        ("postgresql://u@db.example/d", {}, {}, {**LET_IN, **TLS}),
        ("postgresql://u@127.0.0.1/d", {}, {"PGPASSWORD": "x"}, ASKED),
        ("postgresql://u@localhost/d", {"password": "x"}, {}, ASKED),
        ("postgresql://u@[::1]/d", {"password": "x"}, {}, ASKED),
        ("postgresql://u@localhost.evil.example/d", {"password": "x"}, {}, {**ASKED, **TLS}),
        ("postgresql:///d", {"host": "/run/postgresql"}, {}, LET_IN),
        ("postgresql:///d", {}, {}, LET_IN),
        ("postgresql:///d", {}, {"PGHOST": "db.example"}, {**LET_IN, **TLS}),
        ("postgresql://127.0.0.1,db.example/d", {}, {}, {**LET_IN, **TLS}),
        ("postgresql://localhost/d", {"hostaddr": "10.0.0.7"}, {}, {**LET_IN, **TLS}),
        ("postgresql://db.example/d", {"sslmode": "verify-full"}, {}, LET_IN),
        ("postgresql://db.example/d", {}, {"PGSSLMODE": "disable"}, LET_IN),
        ("postgresql://db.example/d", {"require_auth": "gss"}, {}, TLS),
        ("postgresql://db.example/d", {}, {"PGREQUIREAUTH": "md5"}, TLS),
        ("postgresql:///d", {"service": "acme"}, {}, LET_IN),
    ],
)
def test_what_is_insisted_on_of_a_database_unless_the_run_says_otherwise(
    url: str, given: dict[str, str], environ: dict[str, str], insisted: dict[str, str]
) -> None:
    assert secured(url, given, environ) == insisted


def test_reading_makes_no_table(database: PostgresServer) -> None:
    place = Place(url=f"{database.url}?table=never_made", password=PASSWORD)
    assert place.store().load().serial == 0
    assert place.store().unlock("ana@laptop:42") is None
    assert ask(database, "SELECT 1 FROM pg_tables WHERE tablename = 'never_made'") == []


@pytest.fixture(scope="module")
def bucket() -> Iterator[Bucket]:
    """An S3 bucket."""
    with s3() as found:
        yield found


def endpoint_of(bucket: Bucket) -> str:
    """Where its server is."""
    return bucket.after.rpartition("=")[2]


@pytest.fixture(scope="module")
def door(bucket: Bucket) -> Iterator[Gatekeeper]:
    """A door before the bucket, that spoils what a test tells it to."""
    with Gatekeeper(endpoint_of(bucket)) as gate:
        yield gate


def _cut_before(_gate: Gatekeeper, _asked: Asked) -> Told:
    return Told(status=200, body=b"", lost=10)


def _fail_before(_gate: Gatekeeper, _asked: Asked) -> Told:
    return Told(status=503, body=b"")


def _fail_after(gate: Gatekeeper, asked: Asked) -> Told:
    gate.forward(asked)
    return Told(status=500, body=b"")


def _cut_after(gate: Gatekeeper, asked: Asked) -> Told:
    return replace(gate.forward(asked), lost=10)


@pytest.mark.parametrize("wrong", [_cut_before, _fail_before, _fail_after, _cut_after])
@pytest.mark.parametrize(
    "call", [r"PUT .*\.json$", r"GET .*\.json$", r"PUT .*\.lock$", r"GET .*\.lock$"]
)
def test_a_fault_of_an_object_store_is_ridden_out(
    bucket: Bucket, door: Gatekeeper, call: str, wrong: Callable[[Gatekeeper, Asked], Told]
) -> None:
    door.open()  # what an earlier test wanted to go wrong is over
    left = [wrong, wrong]
    door.answer(call, lambda asked: left.pop()(door, asked) if left else None)
    place = Place(
        url=bucket.url(uuid.uuid4().hex + ".json").replace(endpoint_of(bucket), door.url),
        username=bucket.username,
        password=bucket.password,
    )
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
    assert len(left) < 2, "nothing went wrong"
    assert place.store().load().entries.keys() == {FINANCE}
    with place.store().session(owner=OWNER, tool="1.0") as again:
        assert again.inherited is None


def test_a_bucket_that_is_not_there_is_said(bucket: Bucket) -> None:
    place = Place(
        url=f"s3://no-such-bucket/x.json{bucket.after}",
        username=bucket.username,
        password=bucket.password,
    )
    with pytest.raises(StateUnreachable, match="no-such-bucket"):
        place.store().load()
    with (
        pytest.raises(StateUnreachable, match="no-such-bucket"),
        place.store().session(owner=OWNER, tool="1.0"),
    ):
        pass


@pytest.mark.parametrize(
    ("url", "password", "why"),
    [
        ("az://acme/x.json", None, "Account must be specified"),
        ("az://acme/x.json?account=a&endpoint=::", None, "relative URL without a base"),
        ("az://acme/x.json?account=a", "not-in-base64!!", "Invalid Access Key"),
        ("gs://acme/x.json", "not-json", "Unable to decode service account"),
    ],
)
def test_a_setting_that_the_library_of_a_bucket_refuses_is_said(
    url: str, password: str | None, why: str
) -> None:
    with pytest.raises(StateUnreachable, match=why) as caught:
        Place(url=url, password=password).store().load()
    assert "not-" not in caught.value.message


@pytest.mark.parametrize("status", [401, 403])
def test_credentials_that_an_object_store_refuses_are_said(status: int) -> None:
    with ScriptedHttp() as server:
        server.on("GET", "/state/x.json.lock", Reply(status=status, body=b""))
        place = Place(
            url=f"s3://state/x.json?region=eu&endpoint={server.url}", username="a", password="hush"
        )
        with pytest.raises(StateUnreachable, match="refuses the credentials"):
            place.store().load()


@pytest.mark.parametrize("password", ["a-secret\nkey", "a secret key", '"quoted"\t'])
def test_credentials_that_can_be_none_are_refused_before_anything_is_sent(password: str) -> None:
    place = Place(url="s3://acme/a.json?region=eu", username="AKID", password=password)
    with pytest.raises(StateUnreachable, match="characters that none has") as caught:
        place.store().load()
    assert password not in f"{caught.value.message} {caught.value.help}"


def test_a_state_that_vanished_from_its_bucket_is_noticed_on_any_machine(bucket: Bucket) -> None:
    name = f"{uuid.uuid4().hex}.json"
    place = Place(url=bucket.url(name), username=bucket.username, password=bucket.password)
    with place.store().session(owner=OWNER, tool="1.0") as held:
        held.put(FINANCE, entry())
    given = Credentials(username=bucket.username, password=Open(bucket.password or ""))
    client("the bucket", bucket.url(""), given).delete(name)
    with pytest.raises(StateRolledBack, match="it is gone, and serial 1 was there before"):
        place.store().load()


@pytest.mark.parametrize(
    ("url", "library", "extra"),
    [("postgresql://db", "psycopg", "postgres"), ("s3://acme/a.json", "obstore", "objects")],
)
def test_a_library_that_is_not_installed_is_named(
    url: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(StateUnreachable, match=f"{library} isn't installed") as caught:
        Place(url=url).store().load()
    assert caught.value.help == (f"pip install 'reconciler[{extra}]'",)


def test_a_store_costs_nothing_before_it_is_used() -> None:
    heavy = {"psycopg", "obstore", "httpx2", "cryptography"}
    program = f"import sys, reconciler.state; print(*{heavy!r} & set(sys.modules))"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_writes_that_come_while_one_is_under_way_share_the_next() -> None:
    begun, go_on, writes = threading.Event(), threading.Event(), list[State]()

    def write(state: State) -> State:
        writes.append(state)
        begun.set()
        assert go_on.wait(60)
        return state

    commit = GroupCommit(EMPTY, write)

    def put(number: int) -> None:
        commit.take({}, replace(EMPTY, serial=number))
        commit.secure()

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(put, 1)
        assert begun.wait(60)
        taken = threading.Barrier(9)

        def put_later(number: int) -> None:
            commit.take({}, replace(EMPTY, serial=number))
            taken.wait(60)
            commit.secure()

        later = [pool.submit(put_later, number) for number in range(2, 10)]
        taken.wait(60)
        go_on.set()
        for future in (first, *later):
            future.result(60)
    assert len(writes) == 2


def test_a_write_that_failed_stops_everybody_who_waits_for_it() -> None:
    def write(_state: State) -> State:
        raise StateUnwritable("x", "it is full")

    commit = GroupCommit(EMPTY, write)
    commit.take({}, EMPTY)

    def wait() -> StateError | None:
        try:
            commit.secure()
        except StateError as error:
            return error
        return None

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(lambda _: wait(), range(4)))
    assert all(isinstance(each, StateUnwritable) for each in ended)
    with pytest.raises(StateUnwritable):
        commit.take({}, EMPTY)
