"""Which auth mode fits a server that refused. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from reconciler.authorization import Auth, Challenge
from reconciler.discovery.connecting import has_token
from reconciler.discovery.findings import Finding, Mode


def judged(
    found: Finding, auth: Auth | None, challenge: Challenge | None, headers: Mapping[str, str]
) -> Finding:
    """The finding with its mode, and why; `found` has all checks.

    Parameters: `headers` are those that were sent, and didn't do.
    """
    found = replace(found, auth=auth)
    if found.failed:
        check = found.failed[0]
        return replace(found, why=f"its sign-in fails at {check.name}: {check.message}")
    if has_token(headers) or (headers and auth is None):
        return replace(found, why="it refuses what was sent")
    if auth is None:
        asks = "a token" if challenge else "credentials"
        why = f"it asks for {asks} and tells nothing about a sign-in: try a token or headers"
        return replace(found, mode=Mode.BEARER, why=why)
    if auth.registration or auth.client_documents:
        return replace(found, mode=Mode.AUTOMATIC, why="it tells all that a sign-in takes")
    why = "its authorization server lets no client register: create an OAuth app there"
    return replace(found, mode=Mode.STATIC_OAUTH, why=why)
