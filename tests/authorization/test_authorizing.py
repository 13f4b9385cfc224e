"""The authorization request and the answer: what is sent, and what is believed."""

import base64
import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest

from reconciler.authorization import (
    AnswerRefused,
    Auth,
    Challenge,
    authorization_url,
    code_in,
    scopes_to_ask,
)

ISSUER = "https://as.example/one"
VERIFIER = "v" * 43


def auth(*, iss_in_answers: bool = False, server_scopes: tuple[str, ...] = ()) -> Auth:
    """A server's word."""
    return Auth(
        issuer=ISSUER,
        authorization_endpoint=f"{ISSUER}/authorize",
        token_endpoint=f"{ISSUER}/token",
        resource_scopes=("read", "write"),
        server_scopes=server_scopes,
        iss_in_answers=iss_in_answers,
    )


def answer(**query: str) -> str:
    """Where a person came back to."""
    return f"https://me.example/callback?{urlencode(query)}"


def test_a_request_carries_the_digest_and_not_the_verifier() -> None:
    url = authorization_url(
        f"{ISSUER}/authorize?tenant=one",
        client_id="me",
        redirect_uri="https://me.example/callback",
        state="the-state",
        verifier=VERIFIER,
        scope="read write",
        resource="https://mcp.example/",
        more=[("prompt", "consent")],
    )
    digest = hashlib.sha256(VERIFIER.encode()).digest()
    assert VERIFIER not in url
    assert dict(parse_qsl(urlsplit(url).query)) == {
        "tenant": "one",
        "response_type": "code",
        "client_id": "me",
        "state": "the-state",
        "redirect_uri": "https://me.example/callback",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
        "scope": "read write",
        "resource": "https://mcp.example/",
        "prompt": "consent",
    }


@pytest.mark.parametrize("advertised", [True, False])
def test_the_code_of_the_right_server_is_taken(*, advertised: bool) -> None:
    given = answer(code="c", state="s", iss=ISSUER)
    assert code_in(given, state="s", auth=auth(iss_in_answers=advertised)) == "c"


def test_a_server_that_does_not_advertise_iss_may_leave_it_out() -> None:
    assert code_in(answer(code="c", state="s"), state="s", auth=auth()) == "c"


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (answer(code="c", state="other", iss=ISSUER), "`state` differs"),
        (answer(code="c", iss=ISSUER), "`state` differs"),
        (answer(code="c", state="s"), "doesn't say who gave it"),
        (answer(code="c", state="s", iss=f"{ISSUER}/"), "`iss` differs"),
        (answer(code="c", state="s", iss="https://AS.example/one"), "`iss` differs"),
        (answer(error="access_denied", state="s"), "doesn't say who gave it"),
        (answer(error="access_denied", state="s", iss="https://evil.example"), "`iss` differs"),
        (answer(error="access_denied", state="s", iss=ISSUER), "said no \\(access_denied\\)"),
        (answer(error="<b>hm</b>", state="s", iss=ISSUER), "said no \\(an unknown error\\)"),
        (answer(state="s", iss=ISSUER), "neither a code nor an error"),
    ],
)
def test_any_other_answer_is_refused(given: str, reason: str) -> None:
    with pytest.raises(AnswerRefused, match=reason):
        code_in(given, state="s", auth=auth(iss_in_answers=True))


def test_what_a_stranger_wrote_is_not_repeated() -> None:
    given = answer(error="access_denied", error_description="call 555", state="s")
    with pytest.raises(AnswerRefused) as refused:
        code_in(given, state="s", auth=auth())
    assert "555" not in str(refused.value)


def test_scopes_are_those_of_the_challenge_else_of_the_resource() -> None:
    assert scopes_to_ask(auth(), Challenge(scope="admin")) == ("admin",)
    assert scopes_to_ask(auth(), None) == ("read", "write")


def test_scopes_add_up_when_more_is_asked_for() -> None:
    assert scopes_to_ask(auth(), Challenge(scope="admin read"), before=["read"]) == (
        "read",
        "admin",
    )


def test_staying_signed_in_is_asked_for_where_it_is_known() -> None:
    knows = auth(server_scopes=("openid", "offline_access"))
    assert scopes_to_ask(knows, Challenge(scope="read")) == ("read", "offline_access")
