"""Sign-ins from manifest to working server: a real authorization server, a real resource server."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from tests.e2e.signing import SECRET, Parts, Scene, opened, scene_of
from tests.e2e.world import ADMIN, space, workspace_manifest
from tests.parts.cli import texts_under
from tests.parts.oidc_provider import follow

_EACH = 24
"""How many workspaces there are of each kind: of today, and as they were."""


@pytest.fixture(scope="module")
def parts() -> Iterator[Parts]:
    """What all tests share."""
    with opened(_EACH) as found:
        yield found


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Numbers of workspaces that nobody has used."""
    return iter(range(_EACH))


@pytest.fixture
def scene(parts: Parts, numbers: Iterator[int], tmp_path: Path) -> Iterator[Scene]:
    """A project for a workspace of the test's own."""
    with scene_of(parts, next(numbers), tmp_path) as made:
        yield made


def test_from_manifest_to_working_server(scene: Scene) -> None:
    scene.project.write("team.yaml", space("team", displayName="Team"))
    scene.write(spaces=["team"], tools={"search": {"stake": "low"}})

    applied = scene.project.apply("--report=markdown=apply.md", code=6)

    told = (scene.project.folder / "apply.md").read_text("utf-8")
    assert "### Waiting for a sign-in (1)" in told
    assert f"at: `{scene.oidc.issuer}/auth`" in told
    assert "`reconciler connect MCPServer/desk`" in told
    assert "state=" not in told
    assert "ana@acme.example has to sign in" in applied.out
    assert f"at: {scene.oidc.issuer}/auth?" in applied.out
    assert "reconciler connect MCPServer/desk" in applied.out
    assert set(scene.workspace.spaces()) == {"Team"}, "the rest went on"
    assert "waits for ana@acme.example to sign in" in scene.project.plan().out

    connected = scene.sign_in()

    assert connected.code == 0, str(connected)
    assert scene.workspace.tools("Desk") == {"search": ("low", True)}
    assert scene.workspace.places("Desk") == {"Team"}
    scene.project.settled()
    assert scene.project.run("connect", "-f", "manifests").code == 0


def test_no_secret_shows_anywhere(scene: Scene) -> None:
    done = [scene.project.run("--debug", "apply", "-f", "manifests", "--yes", code=6)]
    done.append(scene.sign_in())
    done.append(scene.project.plan())
    kept = [text for _, text in texts_under(scene.project.folder)]
    assert not [each for each in done if SECRET in each.out + each.err]
    assert not [text for text in kept if SECRET.encode() in text]
    assert not [each for each in done if "code=" in each.out + each.err]


@pytest.mark.parametrize("mode", ["static-oauth", "automatic"])
def test_nothing_that_opens_a_door_shows_anywhere(scene: Scene, mode: str) -> None:
    """Codes, verifiers and tokens, as they really went over the wire."""
    callback = scene.callback
    if mode == "automatic":
        scene.write(auth={"mode": "automatic"})
        callback = f"{scene.sandbox.url}/oauth/mcp/finalize"
    before = {value for values in scene.oidc.secrets().values() for value in values}
    done = [scene.project.run("--debug", "apply", "-f", "manifests", "--yes", code=6)]
    with scene.project.start("--debug", "connect", "-f", "manifests", "--no-browser") as running:
        running.wait_for("sign in to MCPServer/desk")
        answer = follow(running.err_line().strip(), callback)
        running.enter(f"{callback}?{urlencode(answer)}")
        done.append(running.end())
    assert done[-1].code == 0, str(done[-1])
    done.append(scene.project.run("--debug", "plan", "-f", "manifests", "--out", "saved.plan"))
    done.append(scene.project.run("--debug", "drift", "-f", "manifests", "--output", "json"))
    done.append(scene.project.run("show", "saved.plan", "--output", "json"))

    seen = {
        kind: [value for value in values if value not in before]
        for kind, values in scene.oidc.secrets().items()
    }
    assert all(seen[kind] for kind in ("codes", "verifiers", "accessTokens")), seen.keys()
    assert answer["code"] in seen["codes"]
    canaries = [value.encode() for values in seen.values() for value in values]
    kept = [(str(path), text) for path, text in texts_under(scene.project.folder)]
    kept += [(str(each.arguments), (each.out + each.err).encode()) for each in done]
    assert not [place for place, text in kept for canary in canaries if canary in text]


def test_a_code_that_is_refused_is_not_repeated(scene: Scene) -> None:
    canary = "a-code-that-nobody-gave-out"
    connect = ("--debug", "connect", "-f", "manifests", "--no-browser", "--deadline", "8")
    with scene.project.start(*connect) as running:
        running.wait_for("sign in to MCPServer/desk")
        url = running.err_line().strip()
        state = parse_qs(urlsplit(url).query)["state"][0]
        running.enter(f"{scene.callback}?{urlencode({'code': canary, 'state': state})}")
        ended = running.end()
    assert ended.code == 6, str(ended)
    assert "still waiting: open the address again" in ended.err
    assert canary not in ended.out + ended.err
    assert not [text for _, text in texts_under(scene.project.folder) if canary.encode() in text]


def test_the_same_sign_in_is_waited_for_until_somebody_connects(scene: Scene) -> None:
    first = scene.project.apply("--output", "json", code=6).json["results"][0]["consent"]
    again = scene.project.apply("--output", "json", code=6).json["results"][0]["consent"]
    assert first == again
    assert first["who"] == "ana@acme.example"


def test_a_sign_in_that_the_browser_finished_is_seen_by_itself(scene: Scene) -> None:
    """Where the platform doesn't bind it to the session that began."""
    scene.project.write("workspace.yaml", workspace_manifest(scene.older, scene.sandbox.url))
    with scene.connect() as running:
        landed = scene.land(running).partition("?")[2]
        api = scene.sandbox.client_for(ADMIN, scene.older)
        answer = api.get(f"{scene.sandbox.url}/api/oauth/mcp_static/finalize?{landed}")
        assert answer.status_code == 200, answer.text
        api.close()
        ended = running.end()
    assert ended.code == 0, str(ended)


def test_the_next_apply_finishes_what_was_signed_in_to_meanwhile(scene: Scene) -> None:
    scene.project.write("workspace.yaml", workspace_manifest(scene.older, scene.sandbox.url))
    url = scene.project.apply("--output", "json", code=6).json["results"][0]["consent"]["url"]
    query = urlencode(follow(url, scene.callback))
    api = scene.sandbox.client_for(ADMIN, scene.older)
    assert api.get(f"{scene.sandbox.url}/api/oauth/mcp_static/finalize?{query}").is_success
    api.close()
    scene.project.apply(code=0)
    scene.project.settled()


def test_a_denied_sign_in_fails_with_what_to_do(scene: Scene) -> None:
    scene.oidc.consent("deny")
    ended = scene.sign_in()
    assert ended.code == 1, str(ended)
    assert "denied" in ended.out
    assert "Desk" not in scene.workspace.servers()
    scene.oidc.consent("auto")
    assert scene.sign_in().code == 0


def test_an_address_of_another_sign_in_is_refused(scene: Scene) -> None:
    with scene.connect() as running:
        running.wait_for("sign in to MCPServer/desk")
        running.enter(f"{scene.callback}?code=stolen&state=con_somebody")
        ended = running.end()
    assert ended.code == 1, str(ended)
    assert "doesn't belong to the sign-in" in ended.out


def test_nobody_signing_in_leaves_it_pending(scene: Scene) -> None:
    done = scene.project.run(
        "connect", "-f", "manifests", "--no-browser", "--deadline", "1", code=6
    )
    assert "nobody signed in" in done.err
    assert scene.sign_in().code == 0


def test_ctrl_c_while_waiting_keeps_the_state_right(scene: Scene) -> None:
    with scene.connect() as running:
        running.wait_for("paste its address")
        running.interrupt()
        ended = running.end()
    assert ended.code == 130, str(ended)
    assert scene.sign_in().code == 0


def test_new_scopes_take_a_new_sign_in_and_the_old_one_works_until_then(scene: Scene) -> None:
    scene.project.apply(code=6)
    scene.sign_in()
    before = scene.workspace.server("Desk")["sId"]
    scene.write(auth=scene.auth(scopes=["read", "write"]), description="Changed too")

    planned = scene.project.plan().out
    assert "widens what the sign-in may do, by write" in planned
    assert "an administrator has to sign in again; the old sign-in stays in use" in planned
    assert "people who connected themselves keep what they granted until they" in planned
    scene.project.apply(code=6)
    assert scene.workspace.system_view("Desk")["description"] == "Changed too"
    assert scene.sign_in().code == 0

    assert scene.workspace.server("Desk")["sId"] == before
    scene.project.settled()


def test_a_rotated_app_secret_takes_a_new_sign_in(scene: Scene) -> None:
    scene.project.apply(code=6)
    scene.sign_in()
    scene.project.environ["APP_SECRET"] = "rotated-" + SECRET
    assert "rotated" in scene.project.plan().out


def test_a_vanished_connection_is_drift_and_connect_repairs_it(scene: Scene) -> None:
    scene.project.apply(code=6)
    scene.sign_in()
    admin = scene.workspace.admin
    (row,) = admin.read("/mcp/connections/workspace")["connections"]
    admin.write("DELETE", f"/mcp/connections/workspace/{row['sId']}")

    drift = scene.project.run("drift", "-f", "manifests", code=None)
    assert "its sign-in has vanished" in drift.out, str(drift)

    assert scene.sign_in().code == 0
    scene.project.settled()


def test_connect_leaves_everything_else_alone(scene: Scene) -> None:
    scene.project.write("team.yaml", space("team", displayName="Team"))
    assert scene.sign_in().code == 0
    assert scene.workspace.spaces() == {}


def test_connect_says_what_has_to_be_applied_first(scene: Scene) -> None:
    scene.project.write("team.yaml", space("team", displayName="Team"))
    scene.write(spaces=["team"])
    done = scene.project.run("connect", "-f", "manifests", "--no-browser", code=1)
    assert "MCPServer/desk needs Space/team, which is not applied yet" in done.err


def test_connect_knows_its_addresses(scene: Scene) -> None:
    done = scene.project.run("connect", "nobody", "-f", "manifests", code=64)
    assert "no manifest describes MCPServer/nobody" in done.err


def test_a_plan_begins_no_sign_in(scene: Scene) -> None:
    debug = ("--debug", "plan", "-f", "manifests")
    called = scene.project.run(*debug).err
    assert f"GET /api/w/{scene.workspace.id}/mcp" in called
    assert "/oauth/" not in called
    assert "discover" not in called


def test_a_server_that_says_itself_how_to_sign_in(scene: Scene) -> None:
    """Automatic: discovered through the workspace, with a client that registers itself."""
    before = len(scene.oidc.registered())
    scene.write(auth={"mode": "automatic"})
    scene.project.plan()
    assert len(scene.oidc.registered()) == before, "a plan registers no client"

    assert scene.project.apply(code=6).code == 6
    scene.project.apply(code=6)
    assert len(scene.oidc.registered()) == before + 1, "waiting registers no further client"

    callback = f"{scene.sandbox.url}/oauth/mcp/finalize"
    with scene.connect() as running:
        running.wait_for("sign in to MCPServer/desk as ana@acme.example")
        landed = follow(running.err_line().strip(), callback)
        running.enter(f"{callback}?{urlencode(landed)}")
        ended = running.end()
    assert ended.code == 0, str(ended)
    assert scene.workspace.tools("Desk") == {"search": ("high", True)}
    scene.project.settled()

    scene.write(auth={"mode": "automatic", "scopes": ["read", "write"]})
    assert "widens what the sign-in may do, by" in scene.project.plan().out


def test_personal_credentials_take_the_workspaces_sign_in_first(scene: Scene) -> None:
    scene.write(auth=scene.auth(credentials="personal"))
    assert scene.sign_in().code == 0
    assert scene.workspace.system_view("Desk")["oAuthUseCase"] == "personal_actions"
    scene.project.settled()
