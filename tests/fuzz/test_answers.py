"""Answers of a platform that makes a mess: a snapshot, or a failure that says who can act."""

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import PLAIN, printable
from reconciler.manifests import export, load
from reconciler.providers import ProviderError, ReadRequest
from reconciler.providers.dust.reader import DustReader
from reconciler.providers.dust.retries import Backoff
from reconciler.resources import Snapshot
from reconciler.state import Entry
from reconciler.views import plan_text
from tests.e2e.world import ADMIN, seed
from tests.fuzz.mutating import ANY_BYTES, ANY_JSON, mutated, often, text_of, tried
from tests.parts.sandbox_process import Api, SandboxProcess
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.parts.values import plan, server, space, state
from tests.planning.documents import document
from tests.providers.scenes import PROVIDER, connect
from tests.views.scenes import view

WORKSPACE = "w0"
ROOT = f"/api/w/{WORKSPACE}"
READS = (
    "/api/v1/me",
    f"{ROOT}/spaces?role=admin",
    f"{ROOT}/spaces/{{space}}",
    f"{ROOT}/spaces/{{system}}/mcp_views?availability=manual",
    f"{ROOT}/mcp",
    f"{ROOT}/mcp/connections/workspace",
    f"{ROOT}/mcp/usage",
    f"{ROOT}/members?limit=150&orderColumn=createdAt",
    f"{ROOT}/groups?kind=provisioned&kind=regular_manual",
)
EVERYTHING = ReadRequest(owned={}, titles={}, members=True, groups=True, everything=True)
_ID = re.compile(r"\b([a-z]+)_[A-Za-z0-9]{12}\b")


def recorded() -> dict[str, Any]:
    """What the sandbox answers to every call that a snapshot takes, by path; the same each time."""
    whole = {**seed(), "workspaces": seed()["workspaces"][:1]}
    with SandboxProcess(seed=whole) as sandbox, Api(sandbox.url, ADMIN) as api:
        spaces = api.read(f"{ROOT}/spaces", role="admin")["spaces"]
        ids = {each["kind"]: each["sId"] for each in spaces}
        paths = [path.format(space=ids["regular"], system=ids["system"]) for path in READS]
        answers = {urlsplit(path).path: _read(api, path) for path in paths}
    numbers: dict[str, str] = {}
    plain = _ID.sub(
        lambda found: numbers.setdefault(found[0], f"{found[1]}_{len(numbers)}"),
        json.dumps(answers),
    )
    found: dict[str, Any] = json.loads(plain)
    return found


def _read(api: Api, path: str) -> Any:
    response = api.get(path)
    assert response.is_success, response.text
    return response.json()


class Platform:
    """A server that answers as the sandbox did, but for what a test changes."""

    def __init__(self, web: ScriptedHttp, reader: DustReader) -> None:
        self.web = web
        self.reader = reader
        self.answers = recorded()
        self.mend()

    def mend(self) -> None:
        """Answer everything as recorded."""
        self.web.log.clear()
        for path, answer in self.answers.items():
            self.web.on("GET", path, Reply(json=answer))

    def snapshot(self) -> Snapshot | ProviderError:
        """What a reader makes of it."""
        return tried(self._look, ProviderError)

    def _look(self) -> Snapshot:
        self.reader.check_access()
        snapshot = self.reader.snapshot(EVERYTHING)
        self.reader.users(snapshot.resources["MCPServer"])
        return snapshot


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """One server and one session for all tests here."""
    with ScriptedHttp() as web:
        connection = connect(web.url, workspace=WORKSPACE, attempts=1, timeout=5)
        with PROVIDER.reader(connection) as reader:
            yield Platform(web, reader)


def use(snapshot: Snapshot) -> None:
    """What is done with a snapshot: planned on, shown, exported."""
    owned = {
        f"{kind}/mine{number}": Entry(remote_id=sid, applied={"displayName": "Before"})
        for kind, objects in snapshot.resources.items()
        for number, sid in enumerate(objects)
    }
    for remembered in (state(), state(owned)):
        made = plan(WANTED, snapshot, remembered)
        json.dumps(document(made))
        text = plan_text(view(made), PLAIN)
        assert [line for line in text.split("\n") if printable(line) != line] == []
    assert DESIRED is not None
    export(snapshot, DESIRED, known={})


DESIRED = load([Path(__file__).parents[2] / "examples" / "acme" / "workspace.yaml"]).desired
WANTED = [
    space("mine0", {"displayName": "Board room", "members": ["eve@acme.example"]}),
    server("mine0", {"displayName": "Old wiki", "spaces": ["mine0"]}),
]


def test_the_recorded_answers_make_a_snapshot(platform: Platform) -> None:
    platform.mend()
    snapshot = platform.snapshot()
    assert isinstance(snapshot, Snapshot)
    assert {kind: len(there) for kind, there in snapshot.resources.items()} == {
        "Space": 1,
        "MCPServer": 1,
    }
    use(snapshot)


@often(200)
@given(data=st.data())
def test_answers_that_were_changed_make_a_snapshot_or_a_failure(
    platform: Platform, data: st.DataObject
) -> None:
    platform.mend()
    paths = sorted(platform.answers)
    for path in data.draw(st.lists(st.sampled_from(paths), min_size=1, max_size=2)):
        answer = data.draw(mutated([platform.answers[path]]) | ANY_JSON)
        platform.web.on("GET", path, Reply(body=text_of(answer).encode()))
    found = platform.snapshot()
    if isinstance(found, Snapshot):
        use(found)


HEADERS = st.dictionaries(
    st.sampled_from(
        ["content-type", "content-encoding", "location", "retry-after", "set-cookie", "x-any"]
    ),
    st.one_of(
        st.sampled_from(
            ["gzip", "gzip, gzip", "br", "identity", "text/html", "//[", "http://a:b", "-1", "1e9"]
        ),
        st.sampled_from(["Mon, 99 Foo 2026", "a=b; expires=x", "application/json; charset=utf-7"]),
        st.text(
            st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"),
            max_size=9,
        ),
    ),
    max_size=3,
)
STATUS = st.sampled_from(
    [200, 201, 204, 206, 301, 304, 400, 401, 403, 404, 409, 418, 429, 500, 503]
)
ERRORS = [
    {"error": {"type": "invalid_request_error", "message": "no"}},
    {"error": {"type": "workspace_in_different_region", "redirect": {"region": "x", "url": "//["}}},
    {
        "error": {"type": "x"},
        "nameConflict": {"name": "a", "conflictDetails": {"conflictingToolName": "b"}},
    },
]
BODIES = st.one_of(
    ANY_BYTES,
    mutated(ERRORS).map(lambda value: text_of(value).encode()),
    ANY_BYTES.map(gzip.compress),
)


@often(200)
@given(status=STATUS, headers=HEADERS, body=BODIES, at=st.sampled_from(["/spaces", "/mcp"]))
def test_answers_of_any_status_header_and_body_make_a_snapshot_or_a_failure(
    platform: Platform, status: int, headers: dict[str, str], body: bytes, at: str
) -> None:
    platform.mend()
    body = b"" if status in (204, 304) else body
    platform.web.on("GET", ROOT + at, Reply(status=status, headers=headers, body=body))
    assert isinstance(platform.snapshot(), ProviderError)


LINES = st.sampled_from(
    [
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 102 Hm\r\n\r\n",
        b"HTTP/1.1 101 Hm\r\n\r\n",
        b"HTTP/9 x\r\n",
        b"\r\n",
        b"content-length: 5\r\n",
        b"content-length: -1\r\n",
        b"transfer-encoding: chunked\r\n",
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b"x" * 70_000,
        b"a:b\r\n" * 20_000,
    ]
)


@often(100)
@given(pieces=st.lists(LINES | st.binary(max_size=20), max_size=6))
def test_answers_that_are_no_http_make_a_failure(platform: Platform, pieces: list[bytes]) -> None:
    platform.mend()
    platform.web.on("GET", f"{ROOT}/mcp", Reply(raw=lambda: pieces))
    assert isinstance(platform.snapshot(), ProviderError)


@often(300)
@given(text=st.text(max_size=20) | HEADERS.map(lambda headers: next(iter(headers.values()), "")))
def test_any_wait_that_is_asked_for_is_bounded(text: str) -> None:
    assert 0 <= Backoff().pause(3, text) <= 60
