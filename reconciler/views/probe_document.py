"""What a probe found, as the JSON document `reconciler.probe/v1`. Pure."""

from typing import Any

from reconciler.authorization import Auth, Check
from reconciler.discovery import Finding, manifest


def probe_json(found: Finding) -> dict[str, Any]:
    """The finding as a JSON value; its schema is published as `probe.schema.json`."""
    return {
        "format": "reconciler.probe/v1",
        "url": found.url,
        "reached": found.reached,
        "healthy": found.healthy,
        "status": found.status,
        "transport": found.transport.value if found.transport else None,
        "protocolVersion": found.protocol,
        "server": {"name": found.name, "version": found.version},
        "tools": [
            {"name": tool.name, "description": tool.description, "hints": list(tool.hints)}
            for tool in found.tools
        ],
        "mode": found.mode.value if found.mode else None,
        "why": found.why,
        "authorizationServer": None if found.auth is None else _auth(found.auth),
        "checks": [_check(check) for check in found.checks],
        "trial": None
        if found.trial is None
        else {"clientId": found.trial.client_id, "removed": found.trial.removed},
        "manifest": manifest(found) or None,
    }


def _auth(auth: Auth) -> dict[str, Any]:
    return {
        "issuer": auth.issuer,
        "authorizationEndpoint": auth.authorization_endpoint,
        "tokenEndpoint": auth.token_endpoint,
        "registrationEndpoint": auth.registration_endpoint,
        "resource": auth.resource,
        "registration": auth.registration,
        "clientDocuments": auth.client_documents,
        "refresh": auth.refresh,
        "scopes": list(auth.scopes),
        "grantTypes": list(auth.grant_types),
        "pkce": list(auth.pkce),
        "tokenEndpointAuthMethods": list(auth.token_auth_methods),
        "issInAnswers": auth.iss_in_answers,
    }


def _check(check: Check) -> dict[str, Any]:
    return {
        "name": check.name,
        "level": check.level.value,
        "verdict": check.verdict.value,
        "message": check.message,
        "source": check.source,
    }
