"""Secrets in AWS Secrets Manager: the real boto3 against moto's server, and against faults."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver, SecretFailure
from reconciler.secrets.aws import AwsBackend
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.secrets.outcomes import everything_said, failed, one, revealed
from tests.secrets.stores import resolving

KEYS = {"aws_access_key_id": "canary-id", "aws_secret_access_key": "canary-key"}
REGION = {"AWS_REGION": "eu-west-1"}
SESSION = boto3.session.Session()
"""Shared, since reading the description of the service takes most of the time."""


@pytest.fixture(scope="module")
def moto() -> Iterator[str]:
    """The address of moto's server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def manager(moto: str) -> Iterator[Any]:
    """boto3's client, to store with."""
    client = SESSION.client("secretsmanager", region_name="eu-west-1", endpoint_url=moto, **KEYS)
    client.create_secret(Name="prod/mcp/github", SecretString='{"secret": "canary-1", "n": 5}')
    client.create_secret(Name="plain", SecretString="canary-2")
    client.create_secret(Name="binary", SecretBinary=b"canary-3")
    client.create_secret(Name="no-text", SecretBinary=b"canary\xff")
    yield client
    client.close()


def asking(url: str, environ: dict[str, str] | None = None) -> AbstractContextManager[Resolver]:
    def make(region: str, config: Any) -> Any:
        more = {"endpoint_url": url, **KEYS}
        return SESSION.client("secretsmanager", region_name=region or None, config=config, **more)

    environ = REGION if environ is None else environ
    return resolving("aws", lambda around: AwsBackend(around, make), environ)


@pytest.fixture
def resolver(moto: str, manager: Any) -> Iterator[Resolver]:
    with asking(moto) as made:
        yield made


def refusal(resolver: Resolver, locator: str = "plain") -> SecretFailure:
    found = failed(one(resolver, "aws", locator))
    assert "canary" not in everything_said(found)
    return found


@pytest.mark.parametrize(
    ("locator", "value"),
    [
        ("plain", "canary-2"),
        ("prod/mcp/github#secret", "canary-1"),
        ("prod/mcp/github", '{"secret": "canary-1", "n": 5}'),
        ("binary", "canary-3"),
    ],
)
def test_a_secret_is_read_by_its_name(resolver: Resolver, locator: str, value: str) -> None:
    assert revealed(one(resolver, "aws", locator)) == value


def test_the_region_of_an_arn_counts(moto: str, manager: Any) -> None:
    arn = manager.describe_secret(SecretId="prod/mcp/github")["ARN"]
    with asking(moto, {"AWS_REGION": "us-east-1"}) as elsewhere:
        assert revealed(one(elsewhere, "aws", f"{arn}#secret")) == "canary-1"
        assert refusal(elsewhere, "prod/mcp/github").code is Code.SECRET_MISSING


def test_without_a_region_it_is_said(moto: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    with asking(moto, {}) as nowhere:
        assert "no AWS region is set" in refusal(nowhere).message


@pytest.mark.parametrize(
    ("locator", "code", "said"),
    [
        ("absent", Code.SECRET_MISSING, "has no such secret"),
        ("prod/mcp/github#absent", Code.SECRET_MISSING, "has 2 keys, and none of that name"),
        ("prod/mcp/github#n", Code.SECRET_MALFORMED, "is a number, not text"),
        ("plain#key", Code.SECRET_MALFORMED, "has no keys"),
        ("no-text", Code.SECRET_MALFORMED, "is not valid UTF-8"),
    ],
)
def test_what_gives_no_secret_is_told(
    resolver: Resolver, locator: str, code: Code, said: str
) -> None:
    found = refusal(resolver, locator)
    assert (found.code, said in found.message) == (code, True)


def test_a_secret_that_is_marked_for_deletion_is_missing(resolver: Resolver, manager: Any) -> None:
    manager.create_secret(Name="going", SecretString="canary")
    manager.delete_secret(SecretId="going")
    assert "is marked for deletion" in refusal(resolver, "going").message


def fault(status: int, code: str) -> Reply:
    return Reply(status=status, json={"__type": code, "message": "canary"})


@pytest.mark.parametrize(
    ("status", "type_", "code"),
    [
        (400, "AccessDeniedException", Code.SECRET_DENIED),
        (400, "ExpiredTokenException", Code.SECRET_DENIED),
        (400, "DecryptionFailure", Code.SECRET_DENIED),
        (400, "InvalidParameterException", Code.SECRET_UNREACHABLE),
        (400, "<canary>", Code.SECRET_UNREACHABLE),
    ],
)
def test_a_refusal_is_told_and_not_tried_again(status: int, type_: str, code: Code) -> None:
    with ScriptedHttp() as server, asking(server.url) as resolver:
        server.on("POST", "/", fault(status, type_))
        assert refusal(resolver).code is code
        assert len(server.log) == 1


@pytest.mark.parametrize(
    "body",
    [b"{}", b"<html>canary", b'["canary"]', b'{"SecretString": 5}', b'{"SecretBinary": "canary!"}'],
)
def test_an_answer_that_is_not_the_service_s_is_told(body: bytes) -> None:
    with ScriptedHttp() as server, asking(server.url) as resolver:
        server.on("POST", "/", Reply(body=body))
        assert refusal(resolver).code in (Code.SECRET_MALFORMED, Code.SECRET_UNREACHABLE)


@pytest.mark.parametrize(
    "passing",
    [fault(400, "ThrottlingException"), fault(500, "InternalServiceError"), Reply(fault="hang-up")],
)
def test_a_passing_failure_is_tried_again_in_bounds(passing: Reply) -> None:
    with ScriptedHttp() as server:
        server.on("POST", "/", passing, passing, Reply(json={"SecretString": "canary-1"}))
        with asking(server.url) as resolver:
            assert revealed(one(resolver, "aws", "plain")) == "canary-1"
        server.on("POST", "/", passing)
        with asking(server.url) as resolver:
            assert refusal(resolver).code is Code.SECRET_UNREACHABLE
        assert len(server.log) == 6


def test_a_service_that_can_t_be_reached_is_not_asked_again_for_every_secret() -> None:
    with ScriptedHttp() as server, asking(server.url) as resolver:
        server.on("POST", "/", Reply(fault="hang-up"))
        failed(one(resolver, "aws", "plain"))
        asked = len(server.log)
        found = resolver.resolve(SecretRef("aws", name) for name in ("other", "third"))
        assert all(failed(each).code is Code.SECRET_UNREACHABLE for each in found.values())
        assert len(server.log) == asked


def test_without_credentials_it_says_how_to_sign_in(
    moto: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    with resolving("aws", AwsBackend, REGION) as resolver:
        found = refusal(resolver)
    assert found.code is Code.SECRET_DENIED
    assert "aws sso login" in found.help[0]


@pytest.mark.parametrize(
    "locator",
    ["", "a b", "#key", "a#", "https://canary.example/", "arn:aws:s3:eu:123456789012:secret:a",
     "arn:aws:secretsmanager:evil.example/x:123456789012:secret:a", "a\n"],
)  # fmt: skip
def test_what_is_no_name_is_malformed_and_never_asked_for(resolver: Resolver, locator: str) -> None:
    found = failed(one(resolver, "aws", locator))
    assert (found.code, "`name#key`" in found.message) == (Code.SECRET_MALFORMED, True)


def test_a_secret_is_fetched_once_however_many_of_its_keys_are_asked_for() -> None:
    with ScriptedHttp() as server, asking(server.url) as resolver:
        server.on("POST", "/", Reply(json={"SecretString": '{"a": "1", "b": "2"}'}))
        found = resolver.resolve(SecretRef("aws", f"plain#{key}") for key in "ab")
        assert [revealed(value) for value in found.values()] == ["1", "2"]
        assert len(server.log) == 1


def test_boto3_s_own_settings_are_used(
    moto: str, manager: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "canary-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary-key")
    with resolving("aws", AwsBackend, REGION) as resolver:
        assert revealed(one(resolver, "aws", "plain")) == "canary-2"


def test_boto3_logs_nothing(resolver: Resolver, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        revealed(one(resolver, "aws", "prod/mcp/github#secret"))
    assert "canary" not in caplog.text
