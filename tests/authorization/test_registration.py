"""Registering a client, and taking it away again."""

import asyncio
from typing import Any

import pytest

from reconciler.authorization import (
    Policy,
    Registered,
    RegistrationFailure,
    register,
    transport,
    unregister,
)
from tests.parts.oidc_provider import OidcProvider
from tests.parts.peers import need_npm
from tests.parts.scripted_http import Reply, ScriptedHttp

CALLBACK = "http://127.0.0.1:9/callback"
SECRETLESS = {"client_id": "x", "token_endpoint_auth_method": "client_secret_post"}
MADE = {"client_id": "made", "client_secret": "hush"}


def registered(endpoint: str, **rest: Any) -> Registered:
    """Register one."""

    async def run() -> Registered:
        import httpx2

        policy = Policy.of(endpoint)
        async with httpx2.AsyncClient(transport=transport(policy), trust_env=False) as http:
            return await register(http, endpoint, name="Tests", redirect_uris=[CALLBACK], **rest)

    return asyncio.run(run())


def removed(client: Registered, home: str) -> None:
    """Take one away."""

    async def run() -> None:
        import httpx2

        policy = Policy.of(home)
        async with httpx2.AsyncClient(transport=transport(policy), trust_env=False) as http:
            await unregister(http, client)

    asyncio.run(run())


def test_a_client_tells_what_it_is(web: ScriptedHttp) -> None:
    web.on("POST", "/register", Reply(status=201, json=MADE))
    client = registered(f"{web.url}/register", scope="read write")
    assert (client.client_id, client.client_secret) == ("made", "hush")
    assert "hush" not in repr(client)
    (asked,) = web.bodies("POST", "/register")
    assert asked == {
        "client_name": "Tests",
        "redirect_uris": [CALLBACK],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "client_secret_basic",
        "application_type": "native",
        "scope": "read write",
    }


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=400, json={"error": "invalid_redirect_uri"}), "HTTP 400, invalid_redirect"),
        (Reply(status=400, json={"error": "words of its own"}), "HTTP 400\\)"),
        (Reply(status=302, headers={"Location": "http://10.0.0.1/"}), "HTTP 302"),
        (Reply(status=201, json=[]), "no JSON object"),
        (Reply(status=201, body=b"<html>"), "no JSON object"),
        (Reply(status=201, json={"client_id": 7}), "answers no client"),
        (Reply(status=201, json=SECRETLESS), "without the secret"),
        (Reply(status=201, json={**MADE, "client_secret": 7}), "no text"),
        (Reply(status=201, json={**MADE, "token_endpoint_auth_method": "x"}), "in another way"),
        (Reply(status=201, body=b" " * 300_000), "answers too much"),
        (Reply(fault="hang-up"), "can't be reached"),
    ],
)
def test_a_bad_answer_is_a_clear_failure(web: ScriptedHttp, reply: Reply, reason: str) -> None:
    web.on("POST", "/register", reply)
    with pytest.raises(RegistrationFailure, match=reason):
        registered(f"{web.url}/register")


def test_an_endpoint_that_must_not_be_asked_is_not(web: ScriptedHttp) -> None:
    with pytest.raises(RegistrationFailure, match="is not https"):
        asyncio.run(_elsewhere(web.url))


async def _elsewhere(home: str) -> Registered:
    import httpx2

    async with httpx2.AsyncClient(transport=transport(Policy.of(home)), trust_env=False) as http:
        return await register(http, "http://10.0.0.1/r", name="T", redirect_uris=[CALLBACK])


def test_a_client_that_no_way_fits_is_not_asked_for(web: ScriptedHttp) -> None:
    with pytest.raises(RegistrationFailure, match="aren't supported"):
        registered(f"{web.url}/register", offered=["private_key_jwt"])
    assert web.log == []


def test_a_server_without_management_keeps_its_clients(web: ScriptedHttp) -> None:
    web.on("POST", "/register", Reply(status=201, json=MADE))
    client = registered(f"{web.url}/register")
    with pytest.raises(RegistrationFailure, match="lets nobody delete"):
        removed(client, web.url)


def test_a_client_is_gone_from_a_real_server_after_its_removal() -> None:
    need_npm("oidc-provider")
    with OidcProvider(management=True) as idp:
        client = registered(f"{idp.issuer}/reg")
        assert client.client_id in idp.registered()
        removed(client, idp.issuer)
        assert idp.deleted() == [client.client_id]
        removed(client, idp.issuer)  # gone is gone
        assert client.redirect_uris == (CALLBACK,)
