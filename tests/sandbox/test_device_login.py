"""Device login as the platform's identity provider offers it (Dust API, section 1.2)."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.parts.device_person import (
    ask,
    authenticate,
    code_in,
    decide,
    expire_all,
    poll,
    refresh,
    tokens_for,
)
from tests.parts.sandbox_process import SandboxProcess
from tests.sandbox.world import SEED, refused


@pytest.fixture(scope="module")
def login() -> Iterator[SandboxProcess]:
    """A sandbox whose device logins may be polled at any pace."""
    with SandboxProcess(seed=SEED, flags=("--login-interval", "0")) as process:
        yield process


def me(process: SandboxProcess, token: str) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}"}
    return httpx2.get(f"{process.url}/api/v1/me", headers=headers, trust_env=False)


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return found


def error(response: httpx2.Response) -> str:
    assert response.status_code == 400, response.text
    found: str = response.json()["error"]
    return found


def test_the_answer_says_where_to_go_and_how_often_to_ask(login: SandboxProcess) -> None:
    asked = ask(login.url)
    assert asked["verification_uri"] == f"{login.url}/login/device"
    assert code_in(asked["verification_uri_complete"]) == asked["user_code"]
    assert (asked["expires_in"], asked["interval"]) == (300, 0)


def test_an_approved_login_gives_tokens_once(login: SandboxProcess) -> None:
    asked = ask(login.url)
    assert error(poll(login.url, asked["device_code"])) == "authorization_pending"
    decide(login.url, asked["user_code"])
    body = poll(login.url, asked["device_code"]).json()
    assert body["user"]["email"] == "ana@acme.example"
    assert me(login, body["access_token"]).json()["user"]["email"] == "ana@acme.example"
    assert error(poll(login.url, asked["device_code"])) == "invalid_grant"


def test_a_denied_login_gives_none(login: SandboxProcess) -> None:
    asked = ask(login.url)
    decide(login.url, asked["user_code"], approve=False)
    assert error(poll(login.url, asked["device_code"])) == "access_denied"


def test_a_login_that_nobody_approves_expires() -> None:
    with SandboxProcess(flags=("--login-seconds", "0")) as process:
        assert error(poll(process.url, ask(process.url)["device_code"])) == "expired_token"


def test_who_polls_too_fast_is_told_to_slow_down() -> None:
    with SandboxProcess(flags=("--login-interval", "60")) as process:
        asked = ask(process.url)
        assert error(poll(process.url, asked["device_code"])) == "authorization_pending"
        assert error(poll(process.url, asked["device_code"])) == "slow_down"


def test_the_access_token_says_its_region_and_end(login: SandboxProcess) -> None:
    ana = claims(tokens_for(login.url).access)
    olga = claims(tokens_for(login.url, "olga@globex.example").access)
    assert ana["https://dust.tt/region"] == "us-central1"
    assert olga["https://dust.tt/region"] == "europe-west1"
    assert ana["exp"] - ana["iat"] == 300


def test_private_routes_take_it_beside_the_tokens_of_the_seed(login: SandboxProcess) -> None:
    with login.client_for(tokens_for(login.url).access, "acme") as api:
        assert api.read("/spaces", role="admin")["spaces"]


def test_an_expired_access_token_says_so(login: SandboxProcess) -> None:
    tokens = tokens_for(login.url)
    assert expire_all(login.url) > 0
    refused(me(login, tokens.access), 401, "expired_oauth_token_error")
    again = refresh(login.url, tokens.refresh).json()
    assert me(login, again["access_token"]).status_code == 200


def test_a_token_of_no_lifetime_is_expired_at_once() -> None:
    with SandboxProcess(flags=("--token-seconds", "0")) as process:
        token = tokens_for(process.url).access
        refused(me(process, token), 401, "expired_oauth_token_error")


def test_a_refresh_gives_a_new_pair_and_counts_once(login: SandboxProcess) -> None:
    first = tokens_for(login.url)
    second = refresh(login.url, first.refresh).json()
    assert second["access_token"] != first.access
    assert second["refresh_token"] != first.refresh
    assert error(refresh(login.url, first.refresh)) == "invalid_grant"
    # Whoever came second may be a thief: the session is over for both.
    assert error(refresh(login.url, second["refresh_token"])) == "invalid_grant"


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ({"grant_type": "refresh_token", "refresh_token": "made-up"}, "invalid_grant"),
        ({"grant_type": "refresh_token", "client_id": "client_other"}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "unsupported_grant_type"),
    ],
)
def test_what_is_no_grant_is_refused(
    login: SandboxProcess, form: dict[str, str], kind: str
) -> None:
    assert error(authenticate(login.url, **form)) == kind


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_token_that_was_tampered_with_is_nobodys(login: SandboxProcess, at: int) -> None:
    parts = tokens_for(login.url).access.split(".")
    parts[at] = parts[at][:-4] + ("AAAA" if not parts[at].endswith("AAAA") else "BBBB")
    refused(me(login, ".".join(parts)), 401, "malformed_authorization_header_error")


def test_tokens_outlive_the_process_with_its_data(tmp_path: Path) -> None:
    data = tmp_path / "sandbox.sqlite"
    with SandboxProcess(data=data) as process:
        tokens = tokens_for(process.url)
    with SandboxProcess(data=data) as process:
        assert me(process, tokens.access).status_code == 200
        assert refresh(process.url, tokens.refresh).status_code == 200


def test_the_page_escapes_what_its_address_says(login: SandboxProcess) -> None:
    code = '"><script>alert(1)</script>'
    page = httpx2.get(f"{login.url}/login/device", params={"user_code": code}, trust_env=False)
    assert "<script>" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_another_site_can_not_press_the_buttons(login: SandboxProcess) -> None:
    asked = ask(login.url)
    form = {"user_code": asked["user_code"], "email": "ana@acme.example", "decision": "approve"}
    headers = {"Origin": "https://evil.example"}
    answer = httpx2.post(f"{login.url}/login/device", data=form, headers=headers, trust_env=False)
    assert answer.status_code == 403
    assert error(poll(login.url, asked["device_code"])) == "authorization_pending"


def test_neither_codes_nor_tokens_are_in_the_log_of_calls(login: SandboxProcess) -> None:
    asked = ask(login.url)
    decide(login.url, asked["user_code"])
    body = poll(login.url, asked["device_code"]).json()
    again = refresh(login.url, body["refresh_token"]).json()
    seen = httpx2.get(f"{login.url}/_sandbox/overview.json", trust_env=False).text
    assert "/user_management/authenticate" in seen
    for value in (
        asked["device_code"],
        asked["user_code"],
        body["access_token"],
        body["refresh_token"],
        again["refresh_token"],
    ):
        assert value not in seen
