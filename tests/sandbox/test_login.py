"""The sandbox's own sign-in: a session cookie for browsers, as good as a token but for SSO."""

import httpx2
import pytest

from tests.parts.sandbox_process import SandboxProcess
from tests.sandbox.world import ADMIN, PEOPLE, World, refused


def sign_in(world: World, token: str, **headers: str) -> httpx2.Response:
    """POST the token, as the page does."""
    url = f"{world.process.url}/login"
    return httpx2.post(url, json={"token": token}, headers=headers, trust_env=False)


def session(world: World) -> str:
    """The cookie of the admin, as a header."""
    return sign_in(world, ADMIN).headers["set-cookie"].partition(";")[0]


def test_a_session_is_its_persons(world: World) -> None:
    cookie = session(world)
    assert cookie.startswith("workos_session=")
    assert ADMIN not in cookie
    headers = {"Cookie": cookie}
    assert world.raw("/api/w/acme/members", None, headers=headers).status_code == 200
    calls = world.raw("/_sandbox/overview.json", None).json()["calls"]
    assert calls[0]["actor"] == "ana@acme.example"


def test_the_cookie_is_for_browsers_only_and_scripts_can_not_read_it(world: World) -> None:
    header = sign_in(world, ADMIN).headers["set-cookie"]
    assert "HttpOnly" in header
    assert "SameSite=lax" in header


@pytest.mark.parametrize(
    ("token", "kind"),
    [
        ("nobody-has-it", "not_authenticated"),
        ("t.expired", "expired_oauth_token_error"),
        ("t.stranger", "user_not_found"),
    ],
)
def test_only_a_persons_token_signs_in(world: World, token: str, kind: str) -> None:
    response = sign_in(world, token)
    refused(response, 401, kind)
    assert "set-cookie" not in response.headers


def test_a_bearer_counts_before_the_cookie(world: World) -> None:
    headers = {"Cookie": session(world)}
    refused(world.raw("/api/w/acme/members", "t.uma", headers=headers), 403, "workspace_auth_error")
    refused(world.raw("/api/w/acme/members", "sk-x", headers=headers), 401, "not_authenticated")


def test_an_unknown_session_is_none(world: World) -> None:
    headers = {"Cookie": "workos_session=made-up"}
    refused(world.raw("/api/w/acme/spaces", None, headers=headers), 401, "not_authenticated")


def test_the_public_api_takes_no_cookie(world: World) -> None:
    headers = {"Cookie": session(world)}
    response = world.raw("/api/v1/w/acme/spaces", None, headers=headers)
    refused(response, 401, "missing_authorization_header_error")


def test_pages_of_other_servers_can_not_use_the_session(world: World) -> None:
    cookie = session(world)
    for site in ("cross-site", "same-site"):
        headers = {"Cookie": cookie, "Sec-Fetch-Site": site}
        refused(world.raw("/api/w/acme/spaces", None, headers=headers), 401, "not_authenticated")
        response = sign_in(world, ADMIN, **{"Sec-Fetch-Site": site})
        refused(response, 403, "invalid_request_error")


def test_where_single_sign_on_is_enforced_a_cookie_does_not_do() -> None:
    workspace = {"sId": "acme", "name": "Acme", "ssoEnforced": True, "members": PEOPLE}
    with SandboxProcess(seed={"workspaces": [workspace]}) as process:
        world = World(process)
        headers = {"Cookie": session(world)}
        refused(world.raw("/api/w/acme/spaces", None, headers=headers), 401, "sso_enforced")
        assert world.raw("/api/w/acme/spaces").status_code == 200
        world.close()
