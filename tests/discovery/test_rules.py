"""Each rule for careful clients is a check of its own, told by name."""

from typing import Any

import pytest

from reconciler.authorization import Level, Verdict
from tests.discovery.scenes import (
    OPENID,
    RESOURCE,
    ROOT_RESOURCE,
    SERVER,
    ask,
    challenge,
    named,
    resource,
    server,
)
from tests.parts.scripted_http import Reply, ScriptedHttp

MUSTS = [
    "resource-metadata-origin",
    "resource-metadata",
    "resource-matches",
    "authorization-server-address",
    "authorization-server-metadata",
    "issuer-identical",
    "pkce-s256",
    "grant-authorization-code",
    "authorization-endpoint",
    "token-endpoint",
    "registration-endpoint",
    "token-endpoint-auth-methods",
]
LATER = ["state-matches", "iss-matches", "resource-parameter", "redirect-uri-exact"]


def test_every_must_is_a_check(hostile: ScriptedHttp) -> None:
    checks = ask(hostile).checks
    musts = [check for check in checks if check.level is Level.MUST]
    assert [check.name for check in musts] == [*MUSTS, *LATER]
    verdicts = {check.name: check.verdict for check in musts}
    assert [name for name, verdict in verdicts.items() if verdict is Verdict.SKIP] == LATER
    assert all(check.source and check.message for check in checks)


def test_checks_that_were_never_reached_are_not_told(hostile: ScriptedHttp) -> None:
    document = server(hostile, code_challenge_methods_supported=[])
    hostile.on("GET", SERVER, Reply(json=document))
    assert ask(hostile).checks[-1].name == "pkce-s256"


@pytest.mark.parametrize(
    ("changes", "check", "verdict"),
    [
        ({"authorization_response_iss_parameter_supported": True}, "iss-in-answers", "pass"),
        ({"authorization_response_iss_parameter_supported": False}, "iss-in-answers", "warn"),
        ({}, "iss-in-answers", "warn"),
        (
            {"client_id_metadata_document_supported": True},
            "client-id-metadata-documents",
            "pass",
        ),
        ({}, "client-id-metadata-documents", "warn"),
        ({"grant_types_supported": ["authorization_code"]}, "refresh-offered", "warn"),
        (
            {"grant_types_supported": ["authorization_code", "refresh_token"]},
            "refresh-offered",
            "pass",
        ),
        ({"scopes_supported": ["offline_access"]}, "refresh-offered", "pass"),
        ({"grant_types_supported": ["client_credentials"]}, "grant-authorization-code", "fail"),
        ({}, "grant-authorization-code", "pass"),
        ({}, "token-endpoint-auth-methods", "pass"),
        (
            {"token_endpoint_auth_methods_supported": ["private_key_jwt"]},
            "token-endpoint-auth-methods",
            "fail",
        ),
        (
            {"token_endpoint_auth_methods_supported": ["private_key_jwt", "none"]},
            "token-endpoint-auth-methods",
            "pass",
        ),
    ],
)
def test_what_the_authorization_server_offers_is_judged(
    hostile: ScriptedHttp, changes: dict[str, Any], check: str, verdict: str
) -> None:
    hostile.on("GET", SERVER, Reply(json=server(hostile, **changes)))
    found = ask(hostile)
    assert named(found, check).verdict == verdict
    assert (found.mode is None) == (verdict == "fail")
    if verdict == "fail":
        assert check in found.why


@pytest.mark.parametrize(
    ("methods", "verdict"), [(["header"], "pass"), (["body", "header"], "pass")]
)
def test_tokens_go_into_the_header(hostile: ScriptedHttp, methods: list[str], verdict: str) -> None:
    document = resource(hostile, bearer_methods_supported=methods)
    hostile.on("GET", RESOURCE, Reply(json=document))
    assert named(ask(hostile), "bearer-methods").verdict == verdict


@pytest.mark.parametrize("methods", [["query"], ["body"], []])
def test_a_token_that_must_go_elsewhere_is_refused(
    hostile: ScriptedHttp, methods: list[str]
) -> None:
    document = resource(hostile, bearer_methods_supported=methods)
    hostile.on("GET", RESOURCE, Reply(json=document))
    found = ask(hostile)
    assert [check.name for check in found.failed] == ["bearer-methods"]
    assert found.mode is None


@pytest.mark.parametrize(
    ("scope", "known", "verdict", "words"),
    [
        ("read", ["read", "write"], "pass", "wants read"),
        ("read admin", ["read"], "warn", "wants admin, which no metadata lists"),
        ("read", [], "pass", "wants read"),
        (None, ["read"], "warn", "doesn't name the scopes"),
    ],
)
def test_the_scopes_of_a_refusal_are_compared_with_those_on_offer(
    hostile: ScriptedHttp, scope: str | None, known: list[str], verdict: str, words: str
) -> None:
    value = f'Bearer resource_metadata="{hostile.url}{RESOURCE}"'
    value += f', scope="{scope}"' if scope else ""
    hostile.on("POST", "/mcp", Reply(status=401, headers={"WWW-Authenticate": value}))
    document = resource(hostile, scopes_supported=known)
    hostile.on("GET", RESOURCE, Reply(json=document))
    check = named(ask(hostile), "scopes-challenge")
    assert (check.verdict, words in check.message) == (verdict, True), check


def test_a_server_without_resource_metadata_is_pointed_out(hostile: ScriptedHttp) -> None:
    challenge(hostile, None)
    for path in (RESOURCE, ROOT_RESOURCE, OPENID):
        hostile.on("GET", path, Reply(status=404))
    found = ask(hostile)
    assert named(found, "resource-metadata").verdict is Verdict.WARN
    assert found.mode == "automatic"
