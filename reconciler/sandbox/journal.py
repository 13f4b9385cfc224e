"""The log of API calls: what the page shows, never a credential."""

import json
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from reconciler.sandbox.auth import actor_label
from reconciler.sandbox.call import Sandbox
from reconciler.sandbox.masks import bare_url, redact, redact_body
from reconciler.sandbox.records import Record

KEPT = 5000
SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedCall(Record):
    """One call, redacted before it was stored."""

    id: int
    at: int
    workspace_sid: str | None
    method: str
    path: str
    query: str
    status: int
    actor: str | None
    milliseconds: float
    body: str | None

    def json(self) -> dict[str, Any]:
        """As the page reads it."""
        return {
            "id": self.id,
            "at": self.at,
            "workspaceId": self.workspace_sid,
            "method": self.method,
            "path": self.path,
            "query": json.loads(self.query),
            "status": self.status,
            "actor": self.actor,
            "milliseconds": round(self.milliseconds, 1),
            "body": None if self.body is None else json.loads(self.body),
        }


def record(
    sandbox: Sandbox, request: Request, *, status: int, milliseconds: float, body: bytes
) -> None:
    """Keep one call; headers are never kept."""
    store = sandbox.store
    # Set-up carries a client secret, finalize a code: not even the names of what came are kept.
    is_oauth = "/oauth/" in request.url.path
    query = {} if is_oauth else redact(dict(request.query_params.multi_items()))
    row_id = store.insert(
        "api_call",
        at=store.now(),
        workspace_sid=request.path_params.get("w_id"),
        method=request.method,
        path=bare_url(request.url.path),
        query=json.dumps(query),
        status=status,
        actor=actor_label(sandbox, request),
        milliseconds=milliseconds,
        body=redact_body(body) if body else None,
    )
    if row_id % 100 == 0:
        store.write("DELETE FROM api_call WHERE id <= ?", row_id - KEPT)


def recent(sandbox: Sandbox, *, after: int = 0, limit: int = SHOWN) -> list[LoggedCall]:
    """The latest calls, newest first."""
    return sandbox.store.rows(
        LoggedCall,
        "SELECT * FROM api_call WHERE id > ? ORDER BY id DESC LIMIT ?",
        after,
        limit,
    )
