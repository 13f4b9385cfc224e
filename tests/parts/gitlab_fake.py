"""A fake of ours that answers as GitLab's REST API; it is not GitLab.

Small, written from GitLab's documentation on top of the scripted server: notes and issues of one
project, the merge request of a commit, pipelines, jobs and their artifacts.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.parts.scripted_http import Reply, Request, ScriptedHttp

TOKEN = "glpat-of-the-project"
ME = {"id": 42, "username": "project_7_bot"}
PROJECT = "7"


class GitLabFake(ScriptedHttp):
    """One project: `notes` by merge request, `issues`, and `issue_notes` by issue, as JSON."""

    def __init__(self) -> None:
        super().__init__()
        self.notes: dict[int, list[dict[str, Any]]] = {}
        self.issue_notes: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.merged: dict[str, dict[str, Any]] = {}
        self.pipelines: dict[int, list[dict[str, Any]]] = {}
        self.jobs: dict[int, list[dict[str, Any]]] = {}
        self.files: dict[str, bytes] = {}
        self.parents: dict[str, list[str]] = {}
        self.time = datetime(2026, 1, 1, tzinfo=UTC)
        self._next = 0

    def say(self, number: int, body: str, author: int = 42, *, system: bool = False) -> None:
        """A note on a merge request."""
        self.notes.setdefault(number, []).append(
            {"id": self._id(), "body": body, "author": {"id": author}, "system": system}
            | {"updated_at": self._now()}
        )

    def merge(self, number: int, *, head: str, commit: str) -> None:
        """Merge a merge request as a commit."""
        self.merged[commit] = {
            "iid": number,
            "web_url": f"https://gitlab.example/acme/-/merge_requests/{number}",
            "sha": head,
            "merged_at": self._now(),
            "merge_commit_sha": commit,
            "squash_commit_sha": None,
        }

    def leave(
        self,
        number: int,
        head: str,
        job: str,
        path: str,
        data: bytes | None,
        *,
        project: str = PROJECT,
        ref: str = "head",
    ) -> None:
        """A pipeline of a merge request with one job that left one file, or none; `ref` is the
        merge request's `head`, what it is when merged (`merge`), or a `train` with it."""
        pipeline, sid = self._id(), self._id()
        listed = {"id": pipeline, "sha": head, "project_id": int(project)}
        listed |= {"ref": f"refs/merge-requests/{number}/{ref}"}
        self.pipelines.setdefault(number, []).insert(0, listed)
        self.jobs[pipeline] = [{"id": sid, "name": job}]
        if data is not None:
            self.files[f"{sid}/{path}"] = data

    def take(self, request: Request) -> Reply:
        """What is scripted comes first; else the project as it is."""
        scripted = super().take(request)
        if scripted.status != 501:
            return scripted
        if request.headers.get("private-token") != TOKEN:
            return Reply(status=401, json={"message": "401 Unauthorized"})
        if request.path == "/api/v4/user":
            return Reply(json=ME)
        rest = request.path.removeprefix(f"/api/v4/projects/{PROJECT}")
        return self._answer(request.method, rest, request.body, dict(request.query))

    def _answer(self, method: str, path: str, body: Any, query: Mapping[str, str]) -> Reply:
        parts = path.strip("/").split("/")
        match [method, *parts]:
            case ["GET", "merge_requests", number, "notes"]:
                return self._page(self.notes.get(int(number), []), query)
            case ["POST", "merge_requests", number, "notes"]:
                self.say(int(number), body["body"])
                return Reply(status=201, json=self.notes[int(number)][-1])
            case ["PUT", "merge_requests", number, "notes", sid]:
                [note] = [n for n in self.notes[int(number)] if n["id"] == int(sid)]
                note |= {"body": body["body"], "updated_at": self._now()}
                return Reply(json=note)
            case ["DELETE", "merge_requests", number, "notes", sid]:
                kept = [n for n in self.notes[int(number)] if n["id"] != int(sid)]
                self.notes[int(number)] = kept
                return Reply(status=204, body=b"")
            case ["GET", "merge_requests", number, "pipelines"]:
                return self._page(self.pipelines.get(int(number), []), query)
            case ["GET", "pipelines", pipeline, "jobs"]:
                return self._page(self.jobs.get(int(pipeline), []), query)
            case ["GET", "jobs", sid, "artifacts", *rest]:
                data = self.files.get("/".join([sid, *rest]))
                return Reply(status=404) if data is None else Reply(body=data)
            case ["GET", "repository", "commits", commit] if commit in self.parents:
                return Reply(json={"id": commit, "parent_ids": self.parents[commit]})
            case ["GET", "repository", "commits", commit, "merge_requests"]:
                return Reply(json=[self.merged[commit]] if commit in self.merged else [])
            case [_, "issues", *rest]:
                return self._issue(method, rest, body, query)
        return Reply(status=404, json={"message": "404 Not Found"})

    def _issue(self, method: str, rest: list[str], body: Any, query: Mapping[str, str]) -> Reply:
        match [method, *rest]:
            case ["GET"]:
                found = [each for each in self.issues if each["state"] == query["state"]]
                return self._page(found, query)
            case ["POST"]:
                made = {"iid": self._id(), "author": ME, "state": "opened", **body}
                made |= {"web_url": "https://gitlab.example/1", "updated_at": self._now()}
                self.issues.append(made)
                return Reply(status=201, json=made)
            case ["PUT", number]:
                [issue] = [each for each in self.issues if each["iid"] == int(number)]
                state = "closed" if body.get("state_event") == "close" else issue["state"]
                issue |= {**body, "state": state, "updated_at": self._now()}
                return Reply(json=issue)
            case ["POST", number, "notes"]:
                said = {"id": self._id(), "body": body["body"]}
                self.issue_notes.setdefault(int(number), []).append(said)
                return Reply(status=201, json=said)
        return Reply(status=404, json={"message": "404 Not Found"})

    def _page(self, items: list[dict[str, Any]], query: Mapping[str, str]) -> Reply:
        size, page = int(query.get("per_page", 20)), int(query.get("page", 1))
        more = (
            {"link": '<https://gitlab.example/next>; rel="next"'}
            if page * size < len(items)
            else {}
        )
        return Reply(json=items[(page - 1) * size : page * size], headers=more)

    def _id(self) -> int:
        self._next += 1
        return self._next

    def _now(self) -> str:
        self.time += timedelta(seconds=1)
        return self.time.isoformat()
