"""What a token endpoint may answer, and what is made of it."""

import asyncio

import pytest

from reconciler.authorization import (
    OAuthApp,
    Policy,
    TokenEndpoint,
    TokenFailure,
    Tokens,
    transport,
)
from tests.parts.scripted_http import Reply, ScriptedHttp

GOOD = {"access_token": "the-access", "refresh_token": "the-refresh", "token_type": "Bearer"}


def app(endpoint: str) -> OAuthApp:
    """A client with a secret."""
    return OAuthApp(
        client_id="me",
        client_secret="hush",
        token_endpoint=endpoint,
        auth_method="client_secret_post",
        resource="https://mcp.example/",
        scope="read",
    )


def redeemed(endpoint: str, home: str) -> Tokens:
    """Redeem a code."""

    async def run() -> Tokens:
        wire = transport(Policy.of(home))
        try:
            return await TokenEndpoint(app(endpoint), wire).redeem(
                "the-code", verifier="the-verifier", redirect_uri="https://me.example/"
            )
        finally:
            await wire.aclose()

    return asyncio.run(run())


def test_a_code_is_redeemed_for_the_resource(web: ScriptedHttp) -> None:
    web.on("POST", "/token", Reply(json=GOOD))
    tokens = redeemed(f"{web.url}/token", web.url)
    assert tokens.access_token == "the-access"
    assert "the-access" not in repr(tokens)
    (asked,) = web.bodies("POST", "/token")
    assert dict(asked)["resource"] == "https://mcp.example/"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(body=b" " * 300_000), "answers too much"),
        (Reply(json=GOOD, headers={"Content-Encoding": "gzip"}), "compressed"),
        (Reply(status=302, headers={"Location": "http://10.0.0.1/"}), "token endpoint"),
        (Reply(status=400, json={"error": "invalid_grant"}), "refused \\(invalid_grant\\)"),
        (Reply(status=400, json={"error": "own-words"}), "refused \\(an unknown error\\)"),
        (Reply(json={"token_type": "Bearer"}), "without an access token"),
        (Reply(fault="reset"), "could not be reached"),
    ],
)
def test_a_bad_answer_is_a_clear_failure(web: ScriptedHttp, reply: Reply, reason: str) -> None:
    web.on("POST", "/token", reply)
    with pytest.raises(TokenFailure, match=reason):
        redeemed(f"{web.url}/token", web.url)


def test_codes_are_not_sent_where_nobody_may_ask(web: ScriptedHttp) -> None:
    with pytest.raises(TokenFailure, match="can't be used"):
        redeemed("http://10.0.0.1/token", web.url)
