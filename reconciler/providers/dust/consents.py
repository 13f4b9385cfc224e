"""OAuth sign-ins of servers: ask a person, use what the person gave, finish by hand.

Dust API: discovery (which registers a client), set-up (which begins a connection and gives the
address to sign in at; its `state` is the connection's id), finalize, and then `POST /mcp` or
`POST /mcp/connections/workspace` with the connection, which are refused until it is finalized.
"""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from reconciler.providers.contract import Done
from reconciler.providers.dust.access import check_access
from reconciler.providers.dust.goals import PROVIDERS, mode
from reconciler.providers.dust.live import USE_CASES
from reconciler.providers.dust.queries import query_of, state_of
from reconciler.providers.dust.sealed import client_id, client_secret, headers
from reconciler.providers.dust.sessions import WriteClient
from reconciler.providers.dust.task import Task
from reconciler.providers.dust.wire_servers import DISCOVERED, SUCCESS
from reconciler.providers.failures import (
    ConsentPending,
    Forbidden,
    OutcomeUnknown,
    Rejected,
    Unexpected,
)
from reconciler.secrets import Secret
from reconciler.state import Consent

_CONNECTION, _SCOPE = "connectionId", "oauthScope"
TOKENLESS = "OAuth connection access token"
"""Dust API: in the words of the refusal to make a server with a connection without a token."""


def ask(task: Task) -> Done:
    """Go on with the sign-in that was asked for; else ask for one. Raises ConsentPending."""
    asked = _digest(task)
    known = task.run.consent
    if known is None or known.asked != asked:
        raise ConsentPending(_begin(task, asked))
    task.run.facts[_CONNECTION] = known.connection
    if known.scopes is not None:
        task.run.facts[_SCOPE] = " ".join(known.scopes)
        task.run.learned["auth", "scopes"] = list(known.scopes)
    return Done()


def attach(task: Task) -> Done:
    """Let an existing server use the sign-in; the latest one counts, so none is deleted."""
    body = {"connectionId": task.run.facts[_CONNECTION], "mcpServerId": task.object_id()}
    with awaited(task, "onnection"):
        task.client.send("POST", "/mcp/connections/workspace", SUCCESS, body=body, idempotent=True)
    return Done(settles=("auth",))


@contextmanager
def awaited(task: Task, words: str = TOKENLESS) -> Iterator[None]:
    """Tell a sign-in that isn't finished from other refusals. Raises ConsentPending.

    Dust API: a connection that isn't finalized, or is another person's, is a 403 when a server is
    made with it and a 400 when it is attached. A 400 when a server is made says in its words that
    the connection gives no access token: not yet, or no more.

    Parameters: `words` are those of a 400 that is about the sign-in, not about something else in
    the body.
    """
    try:
        yield
    except (Forbidden, Rejected) as error:
        consent = task.run.consent
        if consent is None or _CONNECTION not in task.run.facts or error.status not in (400, 403):
            raise
        if isinstance(error, Rejected) and words not in error.message:
            raise
        check_access(task.client)
        trouble = error.message if TOKENLESS in error.message else ""
        raise ConsentPending(consent, trouble=trouble) from error


def credentials(task: Task) -> dict[str, str]:
    """What `POST /mcp` takes of a sign-in; nothing for the modes without one."""
    if _CONNECTION not in task.run.facts:
        return {}
    return {"connectionId": task.run.facts[_CONNECTION], "useCase": use_case(task)}


def settled(task: Task) -> tuple[str, ...]:
    """The fields that a creation leaves as the manifest says, if a person signed in for it."""
    return ("auth",) if _CONNECTION in task.run.facts else ()


def use_case(task: Task) -> str:
    """Whose credentials agents use: the manifest's word, else what is there, else everybody's."""
    auth: Any = task.spec.get("auth") or {}
    if auth.get("credentials"):
        return USE_CASES[auth["credentials"]]
    return str(task.facts.get("oAuthUseCase") or USE_CASES["workspace"])


def scope(task: Task) -> str | None:
    """The scopes of the sign-in that was just used, as the platform pins them."""
    return task.run.facts.get(_SCOPE)


def finish(client: WriteClient, consent: Consent, callback: str) -> None:
    """Redeem the code in the address that the browser landed on. Raises Rejected, Forbidden."""
    query = query_of(callback.strip())
    if query.get("state") != [consent.connection]:
        raise Rejected(
            "this address doesn't belong to the sign-in that is waited for",
            help=("paste the whole address of the page that the sign-in ended on",),
        )
    if "error" in query:
        raise Rejected(
            "the sign-in was denied at the server's side" + _known_error(query["error"][0]),
            help=("run `reconciler connect` again and allow the access",),
        )
    code = query.get("code", [""])[0]
    if not code:
        raise Rejected(
            "this address has no `code` in it",
            help=("paste the whole address of the page that the sign-in ended on",),
        )
    try:
        status = client.finish_sign_in(consent.provider, code, consent.connection)
    except Forbidden as error:
        raise Forbidden(
            f"the platform finishes this sign-in for {consent.who} only, in the session that "
            "began it",
            call=error.call,
            status=error.status,
            help=("run `reconciler connect` with that person's own access token",),
        ) from error
    if status != "finalized":
        raise Rejected(f"the platform says that the sign-in is {client.safe(status)}")


def _known_error(error: str) -> str:
    # RFC 6749, section 4.1.2.1: the closed list; anything else is the other side's own words.
    known = {
        "access_denied",
        "invalid_request",
        "invalid_scope",
        "server_error",
        "temporarily_unavailable",
        "unauthorized_client",
        "unsupported_response_type",
    }
    return f" ({error})" if error in known else ""


def _begin(task: Task, asked: str) -> Consent:
    who = check_access(task.client).email
    provider = PROVIDERS[mode(task.change)]
    details = _details(task)
    # Also for personal credentials: the workspace's own connection comes first.
    url = task.client.set_up(provider, USE_CASES["workspace"], details)
    connection = state_of(url)
    if not connection:
        raise Rejected("the platform's sign-in address names no connection")
    scopes = details.get("scope")
    return Consent(
        connection=connection,
        provider=provider,
        url=url,
        who=who,
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        asked=asked,
        scopes=None if scopes is None else tuple(scopes.split()),
    )


def _details(task: Task) -> dict[str, str]:
    """The OAuth client and where it signs in; the manifest's scopes win over discovered ones."""
    auth: Any = task.spec["auth"]
    details = _discovered(task) if auth["mode"] == "automatic" else _static(task)
    if auth.get("scopes") is not None:
        details["scope"] = " ".join(auth["scopes"])
    return {key: value for key, value in details.items() if value}


def _static(task: Task) -> dict[str, str]:
    auth: Any = task.spec["auth"]
    return {
        "client_id": client_id(task),
        "client_secret": client_secret(task),
        "authorization_endpoint": auth["authorizationEndpoint"],
        "token_endpoint": auth["tokenEndpoint"],
        "token_endpoint_auth_method": auth.get("tokenEndpointAuthMethod") or "",
    }


def _discovered(task: Task) -> dict[str, str]:
    body: dict[str, Any] = {"url": task.spec["url"]}
    if task.spec.get("headers"):
        body["customHeaders"] = headers(task)
    try:
        found = task.client.send(
            "POST",
            "/mcp/discover_oauth_metadata",
            DISCOVERED,
            body=body,
            idempotent=False,
            patient=True,
        )
    except OutcomeUnknown as error:
        # Whatever happened, it left nothing in the workspace: asking again does no harm there.
        raise Unexpected(
            f"the platform can't find out how to sign in to it: {error.reason}",
            call=error.call,
            status=error.status,
            help=(
                "apply again once the server and its authorization server answer",
                "`reconciler probe` asks them from here",
            ),
        ) from error
    metadata = found.connection_metadata
    if not found.oauth_required or metadata is None:
        raise Rejected(
            f"`{task.change.title}` answers without any sign-in",
            help=("say `auth: {mode: none}`, or give its custom `headers`",),
        )
    details = {key: value for key, value in metadata.model_dump().items() if value is not None}
    if metadata.client_secret:
        details["client_secret"] = task.client.reveal(Secret(metadata.client_secret))
    return details


def _digest(task: Task) -> str:
    """What is asked for, by reference: a change of it takes a new sign-in."""
    auth: Any = task.spec.get("auth") or {}
    parts = {k: v for k, v in auth.items() if k != "credentials"}
    text = json.dumps([task.spec["url"], parts], sort_keys=True)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
