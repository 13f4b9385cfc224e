"""Whatever value is kept and whatever goes wrong, no failure says anything of the value."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.secrets import Pacing, Resolver, Secret, SecretFailure
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.parts.vault_auth_fake import AppRole, JwtRole, signed
from tests.parts.vault_fake import Fault, VaultFake
from tests.secrets.outcomes import everything_said, one

MARK = "canary§7f"
"""In every value, and in nothing else."""

values = st.builds(
    lambda before, after: before + MARK + after,
    st.text(st.characters(), max_size=20),
    st.text(st.characters(), max_size=20),
)
faults = st.builds(
    Fault,
    status=st.sampled_from(
        [200, 204, 301, 307, 400, 401, 403, 404, 405, 412, 418, 429, 472, 473, 500, 501, 503]
    ),
    body=st.sampled_from(
        [
            json.dumps({"errors": [f"denied: {MARK}"]}).encode(),
            json.dumps({"data": {"data": {"token": [MARK]}, "metadata": {"x": MARK}}}).encode(),
            json.dumps(
                {"data": {"path": MARK, "type": MARK, "options": {"version": MARK}}}
            ).encode(),
            json.dumps({"data": {"path": "secret/", "type": MARK}}).encode(),
            json.dumps({"data": {"data": None, "metadata": {"deletion_time": MARK}}}).encode(),
            f"<html>{MARK}".encode(),
            MARK.encode("latin-1"),
        ]
    ),
    headers=st.sampled_from(
        [{}, {"Location": "/%63anary"}, {"Retry-After": "canary"}, {"Content-Encoding": "gzip"}]
    ),
    drop=st.booleans(),
)
unhurried = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
QUICK = Pacing(attempts=2, first=0.0, patience=0.0)


def check(found: Secret | SecretFailure, caplog: pytest.LogCaptureFixture, value: str) -> None:
    match found:
        case Secret():
            assert found.reveal() in (value, value.removesuffix("\n"), value.removesuffix("\r\n"))
            assert MARK not in repr(found)
        case SecretFailure():
            assert "canary" not in everything_said(found)
    assert "canary" not in caplog.text


@pytest.fixture(scope="module")
def server() -> Iterator[VaultFake]:
    with VaultFake() as fake:
        yield fake


@unhurried
@given(value=values)
def test_a_variable_is_never_quoted(caplog: pytest.LogCaptureFixture, value: str) -> None:
    with caplog.at_level(logging.DEBUG), Resolver(environ={"TOKEN": value}) as resolver:
        check(one(resolver, "env", "TOKEN"), caplog, value)


@unhurried
@given(value=values.map(lambda text: text.encode("utf-8", "surrogatepass")), tail=st.binary())
def test_a_file_is_never_quoted(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, value: bytes, tail: bytes
) -> None:
    path = tmp_path / "token"
    path.write_bytes(value + tail)
    with caplog.at_level(logging.DEBUG), Resolver(environ={}) as resolver:
        text = os.fsdecode(value + tail)
        check(one(resolver, "file", str(path)), caplog, text)


@unhurried
@given(
    value=st.one_of(values, st.lists(values), st.dictionaries(values, values)),
    queue=st.lists(faults, max_size=4),
    token=st.one_of(
        st.just("hvs.fake-root-token"), st.just("hvs.canary"), values.filter(str.isprintable)
    ),
    key=st.sampled_from(["token", "absent"]),
)
def test_vault_is_never_quoted(
    caplog: pytest.LogCaptureFixture,
    server: VaultFake,
    value: object,
    queue: list[Fault],
    token: str,
    key: str,
) -> None:
    server.mounts["secret"].secrets.clear()
    server.put("secret/app", {"token": value, MARK: MARK})
    server.faults.clear()
    server.faults.extend(queue)
    environ = {**server.environ, "VAULT_TOKEN": token}
    with (
        caplog.at_level(logging.DEBUG),
        Resolver(environ=environ, pacing=QUICK, timeout=5) as resolver,
    ):
        found = one(resolver, "vault", f"secret/app#{key}")
    check(found, caplog, value if isinstance(value, str) else "")


SIGN_INS = st.sampled_from(
    [
        {"VAULT_ROLE_ID": "canary-role", "VAULT_SECRET_ID": "canary-id"},
        {"VAULT_ROLE_ID": "canary-role", "VAULT_SECRET_ID": "canary-of-another"},
        {
            "VAULT_ROLE_ID": "canary-role",
            "VAULT_SECRET_ID": "canary-wrapping",
            "VAULT_SECRET_ID_WRAPPING_PATH": "auth/approle/role/ci/secret-id",
        },
        {"VAULT_ID_TOKEN": "canary.canary.canary"},
        {"VAULT_ID_TOKEN": signed(jti="canary"), "VAULT_AUTH_ROLE": "ci"},
        {
            "ACTIONS_ID_TOKEN_REQUEST_URL": "GITHUB",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "canary-request",
            "VAULT_AUTH_ROLE": "ci",
        },
    ]
)


@pytest.fixture(scope="module")
def github() -> Iterator[ScriptedHttp]:
    with ScriptedHttp() as service:
        yield service


@unhurried
@given(
    environ=SIGN_INS,
    queue=st.lists(faults, max_size=4),
    service=st.sampled_from(
        [
            Reply(json={"value": signed(jti="canary")}),
            Reply(json={"value": MARK}),
            Reply(status=403, json={"message": MARK}),
            Reply(status=302, headers={"location": "http://127.0.0.2/canary"}),
            Reply(fault="hang-up"),
        ]
    ),
)
def test_nothing_that_signs_in_to_vault_is_quoted(
    caplog: pytest.LogCaptureFixture,
    server: VaultFake,
    github: ScriptedHttp,
    environ: dict[str, str],
    queue: list[Fault],
    service: Reply,
) -> None:
    server.auth.approle["approle"] = [AppRole(role_id="canary-role", secret_ids={"canary-id": 0})]
    server.auth.jwt["jwt"] = {"ci": JwtRole()}
    server.put("secret/app", {"token": MARK})
    server.faults.clear()
    server.faults.extend(queue)
    github.on("GET", "/token", service)
    whole = {
        name: value.replace("GITHUB", f"{github.url}/token") for name, value in environ.items()
    }
    with (
        caplog.at_level(logging.DEBUG),
        Resolver(environ={"VAULT_ADDR": server.url, **whole}, pacing=QUICK, timeout=5) as resolver,
    ):
        found = one(resolver, "vault", "secret/app#token")
    check(found, caplog, MARK)
    if isinstance(found, SecretFailure):
        said = everything_said(found) + caplog.text
        assert not [value for value in whole.values() if "." in value and value in said]
