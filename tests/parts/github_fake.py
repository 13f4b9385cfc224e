"""A fake of ours that answers as GitHub's REST API; it is not GitHub.

A threaded server on loopback, written from GitHub's documentation: comments, issues, pull requests
of a commit, artifacts in a storage of another origin, pages, permissions, rate limits. What it
gets wrong about GitHub, the tests get wrong too.
"""

import io
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit

TOKEN = "ghs_the-jobs-own-token"
BOT = "github-actions[bot]"
REPOSITORY = "acme/tools"
EVERYTHING = frozenset(
    {"issues: write", "pull-requests: write", "pull-requests: read", "actions: read"}
)


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it came; `server` is `api` or `storage`."""

    server: str
    method: str
    path: str
    headers: Mapping[str, str]
    body: Any

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What happens to the next call that fits, instead of its answer.

    `lost` carries the call out and hangs up; `dropped` hangs up at once; `answer` answers with
    the status, headers and message.
    """

    call: str
    kind: Literal["answer", "lost", "dropped"] = "answer"
    status: int = 502
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "Server Error"


class GitHubFake:
    """One repository, as a context manager; `url` is the API's address.

    `comments` by pull request, `issues` and `artifacts` are what is there, as JSON; `requests`
    what came in. `permissions` are those of the token. `time` goes on by a second with each write.
    `meanwhile` is called before a creation is carried out, for another run at the same time.
    """

    url: str
    storage: str

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.faults: list[Fault] = []
        self.permissions = EVERYTHING
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.artifacts: list[dict[str, Any]] = []
        self.pulls: dict[str, list[dict[str, Any]]] = {}
        self.meanwhile: Callable[[], None] = lambda: None
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self._zips: dict[int, bytes] = {}
        self._next = 0
        self._lock = threading.RLock()

    # what others do

    def say(self, number: int, body: str, login: str = BOT) -> dict[str, Any]:
        """A comment on a pull request."""
        with self._lock:
            comment = self._made({"body": body, "user": {"login": login}})
            comment["html_url"] = (
                f"https://github.example/{REPOSITORY}/pull/{number}#{comment['id']}"
            )
            self.comments.setdefault(number, []).append(comment)
            return comment

    def open_issue(self, title: str, body: str, login: str = BOT, **more: Any) -> dict[str, Any]:
        """An issue."""
        with self._lock:
            issue = self._made({"title": title, "body": body, "user": {"login": login}, **more})
            issue |= {"number": issue["id"], "state": "open", "labels": more.get("labels", [])}
            issue["html_url"] = f"https://github.example/{REPOSITORY}/issues/{issue['number']}"
            self.issues.append(issue)
            return issue

    def upload(
        self,
        name: str,
        files: Mapping[str, bytes],
        head: str,
        *,
        fork: bool = False,
        compression: int = zipfile.ZIP_STORED,
    ) -> dict[str, Any]:
        """An artifact of a run on the commit `head`."""
        with self._lock:
            artifact = self._made({"name": name, "expired": False})
            run = {"repository_id": 1, "head_repository_id": 2 if fork else 1, "head_sha": head}
            artifact["workflow_run"] = run
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", compression) as archive:
                for path, data in files.items():
                    archive.writestr(path, data)
            self._zips[artifact["id"]] = packed.getvalue()
            self.artifacts.append(artifact)
            return artifact

    def files(self, name: str) -> dict[str, bytes]:
        """The files of the newest artifact of a name."""
        found = [each for each in self.artifacts if each["name"] == name]
        with zipfile.ZipFile(io.BytesIO(self._zips[found[-1]["id"]])) as archive:
            return {path: archive.read(path) for path in archive.namelist()}

    def merge(self, number: int, *, head: str, commit: str) -> None:
        """Merge a pull request as a commit."""
        with self._lock:
            self.pulls.setdefault(commit, []).append(
                {
                    "number": number,
                    "html_url": f"https://github.example/{REPOSITORY}/pull/{number}",
                    "merged_at": self._tick(),
                    "merge_commit_sha": commit,
                    "head": {"sha": head},
                }
            )

    # what tests ask

    def calls(self, *, writes_only: bool = False) -> list[str]:
        """The calls to the API as `METHOD /path`; asking for one's own name isn't told."""
        return [
            str(each)
            for each in self.requests
            if each.server == "api"
            and each.path != "/graphql"
            and not (writes_only and each.method == "GET")
        ]

    def bodies(self, number: int) -> list[str]:
        """The texts of the comments on a pull request."""
        return [each["body"] for each in self.comments.get(number, [])]

    def open_issues(self) -> list[dict[str, Any]]:
        """The issues that are open."""
        return [each for each in self.issues if each["state"] == "open"]

    def __enter__(self) -> Self:
        self._servers = [_Server(self, "api"), _Server(self, "storage")]
        self.url, self.storage = (f"http://127.0.0.1:{each.server_port}" for each in self._servers)
        self._threads = [
            threading.Thread(target=each.serve_forever, args=(0.02,)) for each in self._servers
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for server, thread in zip(self._servers, self._threads, strict=True):
            server.shutdown()
            thread.join()
            server.server_close()

    # the API

    def answer(self, received: Received, query: Mapping[str, str]) -> "_Reply | None":
        """The answer to a call; None to hang up."""
        with self._lock:
            self.requests.append(received)
            for fault in self.faults:
                if re.fullmatch(fault.call, str(received)):
                    self.faults.remove(fault)
                    if fault.kind == "answer":
                        body = {"message": fault.message}
                        return _Reply(fault.status, body, dict(fault.headers))
                    if fault.kind == "lost":
                        self._carried_out(received, query)
                    return None
            if received.server == "storage":
                return self._stored(received)
            if received.headers.get("authorization") != f"Bearer {TOKEN}":
                return _Reply(401, {"message": "Bad credentials"})
            return self._carried_out(received, query)

    def _carried_out(self, received: Received, query: Mapping[str, str]) -> "_Reply":
        if received.path == "/graphql":
            return _Reply(200, {"data": {"viewer": {"login": BOT}}})
        prefix = f"/repos/{REPOSITORY}"
        if not received.path.startswith(prefix):
            return _NOT_FOUND
        rest = received.path.removeprefix(prefix)
        for method, pattern, needs, route in self._routes():
            found = re.fullmatch(pattern, rest)
            if found and method == received.method:
                if needs not in self.permissions:
                    name = needs.replace("-", "_").replace(": ", "=")
                    return _Reply(
                        403,
                        {"message": "Resource not accessible by integration"},
                        {"x-accepted-github-permissions": name},
                    )
                return route(received, query, *found.groups())
        return _NOT_FOUND

    def _routes(self) -> Iterator[tuple[str, str, str, Callable[..., "_Reply"]]]:
        pulls, issues, actions = "pull-requests: write", "issues: write", "actions: read"
        one, several = r"/issues/(\d+)", r"/issues/(\d+)/comments"
        comment = r"/issues/comments/(\d+)"
        yield "GET", several, pulls, self._list_comments
        yield "POST", several, pulls, self._add_comment
        yield "PATCH", comment, pulls, self._change_comment
        yield "DELETE", comment, pulls, self._delete_comment
        yield "GET", "/issues", issues, self._list_issues
        yield "POST", "/issues", issues, self._add_issue
        yield "PATCH", one, issues, self._change_issue
        yield "GET", r"/commits/(\w+)/pulls", "pull-requests: read", self._pulls_of
        yield "GET", "/actions/artifacts", actions, self._list_artifacts
        yield "GET", r"/actions/artifacts/(\d+)/zip", actions, self._zip

    def _list_comments(self, _: Received, query: Mapping[str, str], number: str) -> "_Reply":
        return self._page(self.comments.get(int(number), []), query)

    def _add_comment(self, received: Received, _: Mapping[str, str], number: str) -> "_Reply":
        if len(received.body["body"]) > 65_536:
            return _Reply(422, {"message": "Validation Failed"})
        self.meanwhile()
        return _Reply(201, self.say(int(number), received.body["body"]))

    def _change_comment(self, received: Received, _: Mapping[str, str], sid: str) -> "_Reply":
        for each in self._all_comments():
            if each["id"] == int(sid):
                each |= {"body": received.body["body"], "updated_at": self._tick()}
                return _Reply(200, each)
        return _NOT_FOUND

    def _delete_comment(self, _: Received, __: Mapping[str, str], sid: str) -> "_Reply":
        for comments in self.comments.values():
            for each in comments:
                if each["id"] == int(sid):
                    comments.remove(each)
                    return _Reply(204, None)
        return _NOT_FOUND

    def _list_issues(self, _: Received, query: Mapping[str, str]) -> "_Reply":
        found = [
            each
            for each in self.issues
            if each["state"] == query["state"]
            and query.get("creator", each["user"]["login"]) == each["user"]["login"]
        ]
        return self._page(found, query)

    def _add_issue(self, received: Received, _: Mapping[str, str]) -> "_Reply":
        self.meanwhile()
        body = received.body
        return _Reply(201, self.open_issue(body["title"], body["body"], labels=body["labels"]))

    def _change_issue(self, received: Received, _: Mapping[str, str], number: str) -> "_Reply":
        for each in self.issues:
            if each["number"] == int(number):
                each |= {**received.body, "updated_at": self._tick()}
                return _Reply(200, each)
        return _NOT_FOUND

    def _pulls_of(self, _: Received, query: Mapping[str, str], commit: str) -> "_Reply":
        return self._page(self.pulls.get(commit, []), query)

    def _list_artifacts(self, _: Received, query: Mapping[str, str]) -> "_Reply":
        found = [each for each in self.artifacts if each["name"] == query["name"]]
        page = self._page(found, query)
        return _Reply(200, {"total_count": len(found), "artifacts": page.body}, page.headers)

    def _zip(self, _: Received, __: Mapping[str, str], sid: str) -> "_Reply":
        return _Reply(302, None, {"location": f"{self.storage}/{sid}.zip?signature=for-everybody"})

    def _stored(self, received: Received) -> "_Reply":
        found = re.fullmatch(r"/(\d+)\.zip", received.path)
        data = self._zips.get(int(found[1])) if found else None
        return _NOT_FOUND if data is None else _Reply(200, data)

    # bookkeeping

    def _page(self, items: list[dict[str, Any]], query: Mapping[str, str]) -> "_Reply":
        size, page = min(int(query.get("per_page", 30)), 100), int(query.get("page", 1))
        headers = {}
        if page * size < len(items):
            # Never to be followed: it leads elsewhere.
            headers["link"] = f'<{self.storage}/trap?page={page + 1}>; rel="next"'
        return _Reply(200, items[(page - 1) * size : page * size], headers)

    def _all_comments(self) -> Iterator[dict[str, Any]]:
        for comments in self.comments.values():
            yield from comments

    def _made(self, item: dict[str, Any]) -> dict[str, Any]:
        self._next += 1
        now = self._tick()
        return {"id": self._next, "created_at": now, "updated_at": now, **item}

    def _tick(self) -> str:
        self.time += timedelta(seconds=1)
        return self.time.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class _Reply:
    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


_NOT_FOUND = _Reply(404, {"message": "Not Found"})


class _Server(ThreadingHTTPServer):
    def __init__(self, fake: GitHubFake, name: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fake = fake
        self.name = name


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    server: _Server

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        received = Received(
            server=self.server.name,
            method=self.command,
            path=parts.path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=json.loads(raw) if raw else None,
        )
        reply = self.server.fake.answer(received, dict(parse_qsl(parts.query)))
        if reply is None:
            self.close_connection = True
            return
        packed = isinstance(reply.body, bytes)
        content = reply.body if packed else json.dumps(reply.body).encode()
        if reply.status in (204, 302):
            content = b""
        self.send_response(reply.status)
        self.send_header("content-type", "application/zip" if packed else "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.status != 204:
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PATCH = do_DELETE = _answer  # noqa: N815 - the library's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
