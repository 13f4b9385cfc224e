"""The pace of a device login (RFC 8628 section 3.5), and what becomes of odd answers."""

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.providers import Forbidden, ProviderError, Unexpected, Unreachable
from reconciler.providers.dust.signin import LoginProvider, Tokens, device_login, normal_url
from tests.parts.scripted_http import Fault, Reply, ScriptedHttp

DEVICE, TOKENS = "/user_management/authorize/device", "/user_management/authenticate"
GRANT = {
    "device_code": "the-device-code",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://login.example/device",
    "verification_uri_complete": "https://login.example/device?user_code=ABCD-EFGH",
    "expires_in": 300,
    "interval": 5,
}
GOOD = Reply(json={"access_token": "the-access-token", "refresh_token": "the-refresh-token"})


@pytest.fixture
def web() -> Iterator[ScriptedHttp]:
    """An identity provider that answers as scripted."""
    with ScriptedHttp() as server:
        server.on("POST", DEVICE, Reply(json=GRANT))
        yield server


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


def no(error: str, status: int = 400) -> Reply:
    return Reply(status=status, json={"error": error, "error_description": "the-device-code"})


def login(web: ScriptedHttp, time: Time | None = None) -> Tokens:
    clock = time or Time()
    return device_login(
        LoginProvider(origin=web.url, client_id="client_x"),
        show=lambda _grant: None,
        clock=lambda: clock.now,
        sleep=clock.sleep,
    )


def failure(web: ScriptedHttp, time: Time | None = None) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        login(web, time)
    assert "the-device-code" not in caught.value.message
    return caught.value


def test_it_asks_as_the_platform_expects(web: ScriptedHttp) -> None:
    web.on("POST", TOKENS, GOOD)
    tokens = login(web)
    assert tokens.access.reveal() == "the-access-token"
    assert web.bodies("POST", DEVICE) == [
        {"client_id": "client_x", "scope": "openid profile email"}
    ]
    assert web.bodies("POST", TOKENS) == [
        {
            "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
            "device_code": "the-device-code",
            "client_id": "client_x",
        }
    ]


def test_it_keeps_the_interval_and_slows_down_when_told(web: ScriptedHttp) -> None:
    web.on("POST", TOKENS, no("authorization_pending"), no("slow_down"), no("slow_down"), GOOD)
    time = Time()
    login(web, time)
    assert time.slept == [5, 5, 10, 15]


@pytest.mark.parametrize(
    "reply", [Reply(status=503, body=b"x"), Reply(status=429, json={}), Reply(fault="hang-up")]
)
def test_it_asks_less_often_while_nobody_answers(web: ScriptedHttp, reply: Reply) -> None:
    web.on("POST", TOKENS, reply, no("authorization_pending"), GOOD)
    time = Time()
    login(web, time)
    assert time.slept == [5, 10, 10]


def test_it_gives_up_when_the_code_has_expired(web: ScriptedHttp) -> None:
    web.on("POST", TOKENS, no("authorization_pending"))
    time = Time()
    error = failure(web, time)
    assert "nobody approved the sign-in within 300 s" in error.message
    assert 285 <= time.now <= 300


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (no("access_denied"), Forbidden, "was denied"),
        (no("expired_token"), Forbidden, "nobody approved"),
        (no("invalid_grant"), Forbidden, "status 400, invalid_grant"),
        (no("The-Device-Code the-device-code"), Forbidden, "status 400"),
        (Reply(status=401, json={"message": "no"}), Forbidden, "status 401"),
        (Reply(status=404, body=b"<html>"), Forbidden, "status 404"),
        (Reply(status=302, headers={"location": "https://evil.example/"}), Forbidden, "302"),
        (Reply(json={"access_token": ""}), Unexpected, "doesn't know"),
        (Reply(json=["x"]), Unexpected, "doesn't know"),
        (Reply(body=b"<html>"), Unexpected, "doesn't know"),
        (Reply(json={"error": "access_denied"}), Forbidden, "was denied"),
    ],
)
def test_an_answer_that_is_no_token_is_named(
    web: ScriptedHttp, reply: Reply, kind: type[ProviderError], words: str
) -> None:
    web.on("POST", TOKENS, reply)
    error = failure(web)
    assert type(error) is kind
    assert words in error.message
    assert "evil" not in error.message


@pytest.mark.parametrize(
    "change",
    [
        {"verification_uri": "javascript:alert(1)"},
        {"verification_uri_complete": "file:///etc/passwd"},
        {"device_code": ""},
        {"expires_in": 0},
    ],
)
def test_a_grant_that_can_not_be_used_is_refused(web: ScriptedHttp, change: Any) -> None:
    web.on("POST", DEVICE, Reply(json=GRANT | change))
    assert type(failure(web)) is Unexpected


@pytest.mark.parametrize("fault", ["reset", "hang-up"])
def test_a_provider_that_is_gone_is_unreachable(web: ScriptedHttp, fault: Fault) -> None:
    web.on("POST", DEVICE, Reply(fault=fault))
    assert type(failure(web)) is Unreachable


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("api.workos.com", "https://api.workos.com"),
        ("HTTPS://API.WorkOS.com/", "https://api.workos.com"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("https://proxy.example/dust/", "https://proxy.example/dust"),
    ],
)
def test_an_address_has_one_spelling(text: str, normal: str) -> None:
    assert normal_url(text) == normal


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http://dust.tt",
        "http://127.0.0.1.evil.example",
        "https://user:secret@dust.tt",
        "https://dust.tt?x=secret",
        "https://dust.tt:port",
        "ftp://dust.tt",
        "https://du st.tt",
    ],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(it|plain)") as caught:
        normal_url(text)
    assert "secret" not in str(caught.value)
