"""Secrets in Google Cloud: the real library against a fake of ours at the wire (REST)."""

import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager

import pytest
from google.auth.credentials import AnonymousCredentials, Credentials
from google.auth.exceptions import DefaultCredentialsError
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceRestTransport,
)

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver, SecretFailure
from reconciler.secrets.gcp import GcpBackend
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.secrets.outcomes import everything_said, failed, one, revealed
from tests.secrets.stores import resolving

NAME = "projects/acme-tools/secrets/github"


class Canary(Credentials):
    """Credentials with a token that must not show."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.token = "canary-token"

    def refresh(self, request: object) -> None:
        """It never ends."""


@pytest.fixture
def google() -> Iterator[ScriptedHttp]:
    with ScriptedHttp() as server:
        yield server


def asking(
    server: ScriptedHttp, credentials: Credentials | None = None
) -> AbstractContextManager[Resolver]:
    def make() -> SecretManagerServiceClient:
        return SecretManagerServiceClient(
            transport=SecretManagerServiceRestTransport(
                host=server.url.removeprefix("http://"),
                url_scheme="http",
                credentials=credentials or AnonymousCredentials(),  # type: ignore[no-untyped-call]
            )
        )

    return resolving("gcp", lambda around: GcpBackend(around, make))


def holds(server: ScriptedHttp, content: bytes, version: str = "latest") -> None:
    name = f"{NAME}/versions/{version}"
    payload = {"name": name, "payload": {"data": b64encode(content).decode()}}
    server.on("GET", f"/v1/{name}:access", Reply(json=payload))


def refusal(server: ScriptedHttp, locator: str = NAME) -> SecretFailure:
    with asking(server) as resolver:
        found = failed(one(resolver, "gcp", locator))
    assert "canary" not in everything_said(found)
    return found


def fault(status: int, name: str) -> Reply:
    return Reply(
        status=status, json={"error": {"code": status, "message": "canary", "status": name}}
    )


def test_the_latest_version_is_read(google: ScriptedHttp) -> None:
    holds(google, b"canary-1")
    with asking(google) as resolver:
        assert revealed(one(resolver, "gcp", NAME)) == "canary-1"


def test_another_version_is_read_when_it_is_named(google: ScriptedHttp) -> None:
    holds(google, b"canary-3", "3")
    with asking(google) as resolver:
        assert revealed(one(resolver, "gcp", f"{NAME}/versions/3")) == "canary-3"


def test_keys_are_read_with_one_call(google: ScriptedHttp) -> None:
    holds(google, b'{"a": "1", "b": "2"}')
    with asking(google) as resolver:
        found = resolver.resolve(SecretRef("gcp", f"{NAME}#{key}") for key in "ab")
    assert [revealed(value) for value in found.values()] == ["1", "2"]
    assert len(google.log) == 1


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (fault(404, "NOT_FOUND"), Code.SECRET_MISSING),
        (fault(403, "PERMISSION_DENIED"), Code.SECRET_DENIED),
        (fault(401, "UNAUTHENTICATED"), Code.SECRET_DENIED),
        (fault(400, "INVALID_ARGUMENT"), Code.SECRET_UNREACHABLE),
        (Reply(body=b"<html>canary"), Code.SECRET_UNREACHABLE),
    ],
)
def test_a_refusal_is_told_and_not_tried_again(
    google: ScriptedHttp, reply: Reply, code: Code
) -> None:
    google.on("GET", f"/v1/{NAME}/versions/latest:access", reply)
    assert refusal(google).code is code
    assert len(google.log) == 1


def test_a_disabled_version_is_missing(google: ScriptedHttp) -> None:
    google.on("GET", f"/v1/{NAME}/versions/latest:access", fault(400, "FAILED_PRECONDITION"))
    assert "disabled or destroyed" in refusal(google).message


@pytest.mark.parametrize(
    "passing", [fault(503, "UNAVAILABLE"), fault(429, "RESOURCE_EXHAUSTED"), Reply(fault="hang-up")]
)
def test_a_passing_failure_is_tried_again_in_bounds(google: ScriptedHttp, passing: Reply) -> None:
    google.on("GET", f"/v1/{NAME}/versions/latest:access", passing)
    assert refusal(google).code is Code.SECRET_UNREACHABLE
    assert len(google.log) == 3


def test_without_credentials_it_says_how_to_sign_in() -> None:
    def make() -> SecretManagerServiceClient:
        raise DefaultCredentialsError("canary")  # type: ignore[no-untyped-call]

    with resolving("gcp", lambda around: GcpBackend(around, make)) as resolver:
        found = failed(one(resolver, "gcp", NAME))
    assert found.code is Code.SECRET_DENIED
    assert "application-default login" in found.help[0]
    assert "canary" not in everything_said(found)


def test_content_that_is_no_text_is_malformed(google: ScriptedHttp) -> None:
    holds(google, b"canary\xff")
    assert refusal(google).code is Code.SECRET_MALFORMED


def test_neither_the_token_nor_the_value_is_logged(
    google: ScriptedHttp, caplog: pytest.LogCaptureFixture
) -> None:
    holds(google, b"canary-1")
    with caplog.at_level(logging.DEBUG), asking(google, Canary()) as resolver:
        revealed(one(resolver, "gcp", NAME))
    assert google.log[0].headers["authorization"] == "Bearer canary-token"
    assert "canary" not in caplog.text


@pytest.mark.parametrize(
    "locator",
    ["", "github", "projects/p/secrets", "projects/P/secrets/s", "projects/p/secrets/s/versions/",
     "projects/../secrets/s", "projects/p/secrets/s#", "projects/p/secrets/s/versions/1:destroy",
     "https://evil.example/projects/p/secrets/s", "projects/p/locations/l/secrets/s"],
)  # fmt: skip
def test_what_is_no_name_is_malformed_and_never_asked_for(
    google: ScriptedHttp, locator: str
) -> None:
    found = refusal(google, locator)
    assert (found.code, "is not of the form" in found.message) == (Code.SECRET_MALFORMED, True)
    assert google.log == []
