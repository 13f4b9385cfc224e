"""Metadata that is fine, served by a scripted server; and what a probe made of it."""

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from reconciler.authorization import Check
from reconciler.discovery import Finding, probe
from reconciler.views import probe_json
from tests.parts.cli import Done, run_anywhere
from tests.parts.scripted_http import Reply, ScriptedHttp

RESOURCE = "/.well-known/oauth-protected-resource/mcp"
ROOT_RESOURCE = "/.well-known/oauth-protected-resource"
SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def challenge(web: ScriptedHttp, place: str | None) -> None:
    """Refuse everybody, naming this place."""
    value = f'Bearer resource_metadata="{place}"' if place else "Bearer"
    for verb in ("POST", "GET"):
        web.on(verb, "/mcp", Reply(status=401, headers={"WWW-Authenticate": value}))


def resource(web: ScriptedHttp, **changes: Any) -> dict[str, Any]:
    return {"resource": f"{web.url}/mcp", "authorization_servers": [web.url], **changes}


def server(web: ScriptedHttp, **changes: Any) -> dict[str, Any]:
    return {
        "issuer": web.url,
        "authorization_endpoint": f"{web.url}/authorize",
        "token_endpoint": f"{web.url}/token",
        "registration_endpoint": f"{web.url}/register",
        "code_challenge_methods_supported": ["S256"],
        **changes,
    }


def ask(web: ScriptedHttp) -> Finding:
    """Probe its `/mcp`; the document is one of its schema."""
    found = probe(f"{web.url}/mcp", headers={})
    fits(probe_json(found))
    return found


def asked_elsewhere(web: ScriptedHttp) -> list[str]:
    """Requests that no honest discovery makes: registration, guessed endpoints, tokens."""
    return [
        call for call in web.calls() if call.split()[1] in ("/register", "/authorize", "/token")
    ]


_SCHEMA = Path(__file__).parents[2] / "schemas" / "probe.schema.json"


def fits(document: Any) -> None:
    """Check a document against the published schema."""
    schema = json.loads(_SCHEMA.read_text("utf-8"))
    faults = [error.message for error in Draft202012Validator(schema).iter_errors(document)]
    assert faults == [], document


def run(folder: Path, url: str, *arguments: str, **environ: str) -> Done:
    """`reconciler probe URL …`."""
    return run_anywhere("probe", url, *arguments, folder=folder, environ=environ)


def told(done: Done) -> Any:
    """The document that it printed, which fits its schema."""
    fits(done.json)
    return done.json


def found(folder: Path, url: str, *arguments: str, **environ: str) -> Any:
    """The document of a probe."""
    return told(run(folder, url, *arguments, "--output", "json", **environ))


def named(finding: Finding, name: str) -> Check:
    """The one check of this name."""
    (check,) = (check for check in finding.checks if check.name == name)
    return check
