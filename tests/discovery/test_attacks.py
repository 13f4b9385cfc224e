"""A hostile server: every trick that the SDK's own client falls for is refused, with the reason."""

from typing import Any

import pytest

from reconciler.authorization import Verdict
from reconciler.discovery import Finding, probe
from tests.discovery.scenes import (
    OPENID,
    RESOURCE,
    ROOT_RESOURCE,
    SERVER,
    ask,
    asked_elsewhere,
    challenge,
    named,
    resource,
    server,
)
from tests.parts.scripted_http import Reply, ScriptedHttp


def refused_by(found: Finding) -> tuple[str, str]:
    """The one check that failed, and its words."""
    (check,) = found.failed
    assert found.mode is None, "no way to sign in is proposed"
    return check.name, check.message


def test_honest_metadata_fits_automatic(hostile: ScriptedHttp) -> None:
    found = ask(hostile)
    assert found.mode == "automatic"
    assert found.failed == ()
    warned = [check.name for check in found.checks if check.verdict is Verdict.WARN]
    assert warned == [
        "iss-in-answers",
        "client-id-metadata-documents",
        "refresh-offered",
        "scopes-challenge",
    ]
    assert asked_elsewhere(hostile) == [], "a probe registers nothing"


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"code_challenge_methods_supported": None}, "authorization-server-metadata"),
        ({"code_challenge_methods_supported": []}, "pkce-s256"),
        ({"code_challenge_methods_supported": ["plain"]}, "pkce-s256"),
        ({"issuer": "https://other.example"}, "issuer-identical"),
        ({"token_endpoint": "http://169.254.169.254/token"}, "token-endpoint"),
        ({"token_endpoint": "https://10.0.0.1/token"}, "token-endpoint"),
        ({"token_endpoint": "http://127.0.0.2/token"}, "token-endpoint"),
        ({"registration_endpoint": "https://[::ffff:10.0.0.1]/r"}, "registration-endpoint"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "authorization-endpoint"),
        ({"authorization_endpoint": "http://as.example/authorize"}, "authorization-endpoint"),
    ],
)
def test_bad_metadata_of_the_authorization_server_ends_it(
    hostile: ScriptedHttp, changes: dict[str, Any], check: str
) -> None:
    hostile.on("GET", SERVER, Reply(json=server(hostile, **changes)))
    assert refused_by(ask(hostile))[0] == check
    assert asked_elsewhere(hostile) == []


def test_pkce_that_is_not_told_of_is_not_taken_for_granted(hostile: ScriptedHttp) -> None:
    document = server(hostile)
    del document["code_challenge_methods_supported"]
    hostile.on("GET", SERVER, Reply(json=document))
    assert refused_by(ask(hostile)) == (
        "pkce-s256",
        "PKCE with S256 is required; on offer: none",
    )


def test_resource_metadata_on_another_host_is_not_fetched(hostile: ScriptedHttp) -> None:
    with ScriptedHttp() as other:
        challenge(hostile, f"{other.url}{RESOURCE}")
        assert refused_by(ask(hostile))[0] == "resource-metadata-origin"
        assert other.log == []


def test_an_internal_authorization_server_is_not_asked(hostile: ScriptedHttp) -> None:
    place = "http://127.0.0.2:1"
    hostile.on("GET", RESOURCE, Reply(json=resource(hostile, authorization_servers=[place])))
    assert refused_by(ask(hostile))[0] == "authorization-server-address"
    assert asked_elsewhere(hostile) == []


def test_metadata_of_another_resource_is_refused(hostile: ScriptedHttp) -> None:
    document = resource(hostile, resource="https://bank.example/mcp")
    hostile.on("GET", RESOURCE, Reply(json=document))
    name, message = refused_by(ask(hostile))
    assert name == "resource-matches"
    assert "https://bank.example/mcp" in message


@pytest.mark.parametrize("path", [RESOURCE, SERVER])
def test_redirects_are_not_followed(hostile: ScriptedHttp, path: str) -> None:
    with ScriptedHttp() as other:
        hostile.on("GET", path, Reply(status=302, headers={"Location": f"{other.url}/x"}))
        assert "redirects" in refused_by(ask(hostile))[1]
        assert other.log == []
    assert asked_elsewhere(hostile) == []


def test_nothing_is_guessed_when_the_named_server_has_no_metadata(hostile: ScriptedHttp) -> None:
    hostile.on("GET", SERVER, Reply(status=404))
    assert refused_by(ask(hostile))[0] == "authorization-server-metadata"
    assert asked_elsewhere(hostile) == []


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"<html>", b'{"issuer": 5}', b"[" * 9999])
def test_what_is_no_metadata_ends_it(hostile: ScriptedHttp, body: bytes) -> None:
    hostile.on("GET", SERVER, Reply(body=body))
    assert "is no such metadata" in refused_by(ask(hostile))[1]


def test_metadata_without_end_is_cut_off(hostile: ScriptedHttp) -> None:
    hostile.on("GET", SERVER, Reply(body=b" " * 600_000))
    assert "answers too much" in refused_by(ask(hostile))[1]


def test_an_endpoint_on_another_public_host_is_pointed_out(hostile: ScriptedHttp) -> None:
    document = server(hostile, token_endpoint="https://93.184.216.34/token")
    hostile.on("GET", SERVER, Reply(json=document))
    warning = named(ask(hostile), "token-endpoint-origin")
    assert warning.verdict is Verdict.WARN


def test_plain_http_to_another_host_is_a_warning(web: ScriptedHttp) -> None:
    there = web.url.replace("127.0.0.1", "localhost")
    challenge(web, f"{web.url}{RESOURCE}")
    web.on("GET", RESOURCE, Reply(json=resource(web, authorization_servers=[there])))
    elsewhere = {
        "issuer": there,
        "authorization_endpoint": f"{there}/authorize",
        "token_endpoint": f"{web.url}/token",
        "registration_endpoint": "https://93.184.216.34/register",
    }
    web.on("GET", SERVER, Reply(json=server(web, **elsewhere)))
    found = probe(f"{web.url}/mcp", headers={}, allow_private=True)
    told = {
        name: (named(found, name).verdict, named(found, name).message)
        for name in ("authorization-server-address", "token-endpoint", "registration-endpoint")
    }
    assert told == {
        "authorization-server-address": (Verdict.WARN, f"{there}, plain http"),
        "token-endpoint": (Verdict.PASS, f"{web.url}/token, plain http on this machine"),
        "registration-endpoint": (Verdict.PASS, "https://93.184.216.34/register"),
    }


def test_places_come_in_the_order_of_the_specification(hostile: ScriptedHttp) -> None:
    challenge(hostile, None)
    tenant = f"{hostile.url}/tenant"
    hostile.on("GET", RESOURCE, Reply(status=404))
    hostile.on("GET", ROOT_RESOURCE, Reply(json=resource(hostile, authorization_servers=[tenant])))
    last = "/tenant/.well-known/openid-configuration"
    hostile.on("GET", f"{SERVER}/tenant", Reply(status=404))
    hostile.on("GET", f"{OPENID}/tenant", Reply(status=404))
    hostile.on("GET", last, Reply(json=server(hostile, issuer=tenant)))
    found = ask(hostile)
    assert found.mode == "automatic"
    gets = [call.split()[1] for call in hostile.calls() if ".well-known" in call]
    assert gets == [RESOURCE, ROOT_RESOURCE, f"{SERVER}/tenant", f"{OPENID}/tenant", last]


def test_a_server_that_tells_nothing_takes_a_token(hostile: ScriptedHttp) -> None:
    challenge(hostile, None)
    for path in (RESOURCE, ROOT_RESOURCE, SERVER, OPENID):
        hostile.on("GET", path, Reply(status=404))
    found = ask(hostile)
    assert (found.mode, found.failed) == ("bearer", ())
