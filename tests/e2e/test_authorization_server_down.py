"""The authorization server is down, in one step after the other: said, nothing lost, made good."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.signing import MODES, Parts, Scene, opened, scene_of
from tests.e2e.world import ADMIN, space
from tests.parts.oidc_provider import Step

_EACH = 24
_OUTAGES = ("503", "refused")
_DISCOVERING: tuple[tuple[Step, str, str], ...] = (
    ("discovery", "503", "/.well-known/oauth-authorization-server fails with HTTP 503"),
    ("discovery", "refused", "/.well-known/oauth-authorization-server can't be reached"),
    ("registration", "503", "the registration endpoint refuses the client (HTTP 503)"),
)
_EXCHANGE = {
    "503": "the token endpoint answered HTTP 503",
    "refused": "the token endpoint could not be reached",
}


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    """What all tests share; an access token counts as run out as soon as it is there."""
    with opened(_EACH, access_ttl=10) as found:
        yield found


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Numbers of workspaces that nobody has used."""
    return iter(range(_EACH))


@pytest.fixture
def scene(parts: Parts, numbers: Iterator[int], tmp_path: Path) -> Iterator[Scene]:
    """A project for a workspace of the test's own; afterwards everything is up again."""
    with scene_of(parts, next(numbers), tmp_path) as made:
        yield made
    parts.oidc.heal()


def _break(scene: Scene, step: Step, outage: str) -> None:
    if outage == "503":
        scene.oidc.fail(step)
    else:
        scene.oidc.shut()


def _finish_in_a_browser(scene: Scene, url: str) -> None:
    """What the callback page does in a workspace that lets any browser finish."""
    query = scene.visit(url).partition("?")[2]
    with scene.sandbox.client_for(ADMIN, scene.older) as api:
        answer = api.get(f"{scene.sandbox.url}/api/oauth/mcp_static/finalize?{query}")
    assert answer.status_code == 200, answer.text


def _pending(scene: Scene) -> dict[str, Any]:
    """The sign-in that an apply waits for."""
    (result,) = scene.project.apply("--output", "json", code=6).json["results"]
    consent: dict[str, Any] = result["consent"]
    return consent


@pytest.mark.parametrize(("step", "outage", "says"), _DISCOVERING)
def test_an_apply_that_can_not_ask_for_a_sign_in_does_the_rest_and_says_why(
    scene: Scene, step: Step, outage: str, says: str
) -> None:
    scene.use("automatic")
    scene.project.write("team.yaml", space("team", displayName="Team"))
    registered = scene.oidc.registered()
    _break(scene, step, outage)

    done = scene.project.apply(code=3)

    assert "failed + MCPServer/desk" in done.out, str(done)
    assert "the platform can't find out how to sign in to it" in done.out
    assert says in done.out
    assert (
        "while: sign in to `Desk` as an administrator (POST /mcp/discover_oauth_metadata)"
        in done.out
    )
    assert "apply again once the server and its authorization server answer" in done.out
    assert "isn't known" not in done.out, "nothing is left to look up"
    assert set(scene.workspace.spaces()) == {"Team"}
    scene.oidc.heal()
    assert scene.oidc.registered() == registered
    scene.project.apply(code=6)
    assert scene.sign_in("automatic").code == 0
    scene.project.settled()


@pytest.mark.parametrize(("step", "outage", "says"), _DISCOVERING)
def test_a_connect_that_can_not_begin_says_why_and_keeps_the_sign_in_of_before(
    scene: Scene, step: Step, outage: str, says: str
) -> None:
    scene.use("automatic")
    before = _pending(scene)
    _break(scene, step, outage)

    done = scene.project.run("connect", "-f", "manifests", "--no-browser", code=1)

    assert "the platform can't find out how to sign in to it" in done.out
    assert says in done.out
    scene.oidc.heal()
    assert _pending(scene) == before
    assert scene.sign_in("automatic").code == 0
    scene.project.settled()


def test_an_app_of_ones_own_is_asked_for_without_the_authorization_server(scene: Scene) -> None:
    scene.oidc.shut()
    scene.project.apply(code=6)
    scene.oidc.heal()
    assert scene.sign_in().code == 0
    scene.project.settled()


@pytest.mark.parametrize("outage", _OUTAGES)
@pytest.mark.parametrize("mode", MODES)
def test_a_page_that_no_browser_reaches_leaves_the_sign_in_pending(
    scene: Scene, mode: str, outage: str
) -> None:
    scene.use(mode)
    with scene.connect("--deadline", "1") as running:
        url = scene.address(running)
        _break(scene, "authorization", outage)
        with pytest.raises((httpx2.ConnectError, AssertionError)):
            scene.visit(url, mode)
        done = running.end()
    assert done.code == 6, str(done)
    assert "nobody signed in to MCPServer/desk in 1 s" in done.err
    assert "ana@acme.example has to sign in" in done.out
    assert _pending(scene)["url"] == url
    scene.oidc.heal()
    assert scene.sign_in(mode).code == 0
    scene.project.settled()


@pytest.mark.parametrize("outage", _OUTAGES)
@pytest.mark.parametrize("mode", MODES)
def test_a_code_that_can_not_be_redeemed_now_is_followed_by_another(
    scene: Scene, mode: str, outage: str
) -> None:
    scene.use(mode)
    with scene.connect() as running:
        url = scene.address(running)
        landed = scene.visit(url, mode)
        _break(scene, "token", outage)
        running.enter(landed)
        running.wait_for("still waiting: open the address again")
        scene.oidc.heal()
        running.enter(scene.visit(url, mode))
        done = running.end()
    assert done.code == 0, str(done)
    assert _EXCHANGE[outage] in done.err, str(done)
    scene.project.settled()


def test_a_code_that_is_never_redeemed_leaves_the_sign_in_pending(scene: Scene) -> None:
    with scene.connect("--deadline", "6") as running:
        landed = scene.land(running)
        scene.oidc.fail("token")
        running.enter(landed)
        done = running.end()
    assert done.code == 6, str(done)
    assert _EXCHANGE["503"] in done.err, str(done)
    assert landed.partition("code=")[2].partition("&")[0] not in done.out + done.err
    scene.oidc.heal()
    assert scene.sign_in().code == 0
    scene.project.settled()


@pytest.mark.parametrize("outage", _OUTAGES)
def test_a_sign_in_that_can_not_be_refreshed_now_is_not_asked_for_again(
    scene: Scene, outage: str
) -> None:
    scene.move_to_older()
    before = _pending(scene)
    _finish_in_a_browser(scene, before["url"])
    _break(scene, "refresh", outage)

    done = scene.project.apply(code=6)

    assert "Error fetching OAuth connection access token" in done.out, str(done)
    assert _EXCHANGE[outage] in done.out
    assert "apply again if that person has signed in already" in done.out
    scene.oidc.heal()
    scene.project.apply()
    scene.project.settled()


def test_a_connect_waits_for_an_authorization_server_that_is_coming_back(scene: Scene) -> None:
    with scene.connect() as running:
        landed = scene.land(running)
        scene.oidc.fail("refresh")
        running.enter(landed)
        running.wait_for("not usable yet")
        running.wait_for("is its authorization server up?")
        scene.oidc.heal()
        done = running.end()
    assert done.code == 0, str(done)
    assert done.err.count("not usable yet") == 1, str(done)
    scene.project.settled()


def test_a_sign_in_that_was_of_no_use_in_time_is_used_by_the_next_apply(scene: Scene) -> None:
    with scene.connect("--deadline", "6") as running:
        landed = scene.land(running)
        scene.oidc.fail("refresh")
        running.enter(landed)
        done = running.end()
    assert done.code == 6, str(done)
    assert "the sign-in to MCPServer/desk was of no use for 6 s" in done.err
    assert "nobody signed in" not in done.err
    scene.oidc.heal()
    scene.project.apply()
    scene.project.settled()


def test_a_grant_that_was_taken_back_takes_a_new_sign_in(scene: Scene) -> None:
    scene.move_to_older()
    _finish_in_a_browser(scene, _pending(scene)["url"])
    scene.oidc.revoke_refresh_tokens()
    assert "(invalid_grant)" in scene.project.apply(code=6).out
    with scene.connect() as running:
        _finish_in_a_browser(scene, scene.address(running))
        assert running.end().code == 0
    scene.project.settled()


def test_a_server_that_is_down_after_the_sign_in_is_what_is_told(scene: Scene) -> None:
    scene.move_to_older()
    _finish_in_a_browser(scene, _pending(scene)["url"])
    scene.mcp.stop()
    try:
        done = scene.project.apply(code=1)
    finally:
        scene.mcp.start()
    assert "Could not connect to the MCP server" in done.out
    assert "MCPServer/desk failed" in done.err
    scene.project.apply()
    scene.project.settled()
