"""What plan and drift say of a server that waits for a sign-in, or whose sign-in has vanished."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.signing import MODES, Parts, Scene, opened, scene_of
from tests.e2e.test_json_output import checked

_EACH = 8
_WAITS = "MCPServer/desk waits for ana@acme.example to sign in, since "
_HELP = "that person runs `reconciler connect MCPServer/desk`"


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


def _plan(scene: Scene) -> tuple[str, Any]:
    """What a plan with something to do says, in text and as JSON."""
    text = scene.project.plan("--detailed-exitcode", code=2).out
    return text, checked(scene.project.plan("--output", "json"), "plan")


def _drift(scene: Scene, *, code: int) -> tuple[str, Any]:
    """What drift says, in text and as JSON."""
    drift = ("drift", "-f", "manifests", "--detailed-exitcode")
    text = scene.project.run(*drift, code=code).out
    return text, checked(scene.project.run(*drift, "--output", "json", code=code), "drift")


def _vanish(scene: Scene) -> None:
    """Somebody disconnects the server in the workspace."""
    admin = scene.workspace.admin
    (row,) = admin.read("/mcp/connections/workspace")["connections"]
    admin.write("DELETE", f"/mcp/connections/workspace/{row['sId']}")


def _is_about_waiting(warning: Any) -> bool:
    return bool(
        warning["code"] == "consent-needed"
        and warning["severity"] == "warning"
        and warning["address"] == "MCPServer/desk"
        and warning["message"].startswith(_WAITS)
        and warning["help"] == [_HELP]
        and warning["place"]["file"].endswith("desk.yaml")
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_server_that_waits_is_named_with_who_and_since_when(scene: Scene, mode: str) -> None:
    scene.use(mode)
    assert "waits for" not in _plan(scene)[0], "nobody has been asked yet"
    since = scene.project.apply("--output", "json", code=6).json["results"][0]["consent"]["since"]

    text, planned = _plan(scene)
    assert "+ create MCPServer/desk" in text
    assert "a person has to sign in to it before it exists" in text
    assert _WAITS + since in text
    assert _HELP in text
    (warning,) = planned["warnings"]
    assert _is_about_waiting(warning)
    (change,) = planned["changes"]
    assert [op["name"] for op in change["operations"] if op["interactive"]] == ["sign-in"]

    text, drifted = _drift(scene, code=0)
    assert "No drift" in text
    assert "1 change of your own to apply" in text
    assert _WAITS + since in text
    assert drifted["changes"] == []
    assert drifted["warnings"] == [warning]

    scene.project.plan("--out", "saved.plan")
    assert _WAITS + since in scene.project.run("show", "saved.plan").out


@pytest.mark.parametrize("mode", MODES)
def test_a_connection_that_has_vanished_is_drift_until_somebody_signs_in(
    scene: Scene, mode: str
) -> None:
    scene.use(mode)
    assert scene.sign_in(mode).code == 0
    assert "No drift" in _drift(scene, code=0)[0]
    _vanish(scene)

    for text in (_plan(scene)[0], _drift(scene, code=2)[0]):
        assert "~ update MCPServer/desk" in text
        assert "drift: somebody changed the workspace" in text
        assert "auth.connected" in text
        assert "its sign-in has vanished: an administrator has to sign in again" in text
        assert "waits for" not in text
    for document in (_plan(scene)[1], _drift(scene, code=2)[1]):
        (change,) = document["changes"]
        (field,) = change["fields"]
        assert (field["path"], field["before"], field["after"], field["reason"]) == (
            ["auth", "connected"],
            False,
            True,
            "drift",
        )
        assert change["consequences"] == [
            "its sign-in has vanished: an administrator has to sign in again"
        ]
        assert document["warnings"] == []

    scene.project.apply(code=6)
    for text in (_plan(scene)[0], _drift(scene, code=2)[0]):
        assert "its sign-in has vanished" in text
        assert _WAITS in text
    for document in (_plan(scene)[1], _drift(scene, code=2)[1]):
        assert [_is_about_waiting(warning) for warning in document["warnings"]] == [True]

    assert scene.sign_in(mode).code == 0
    text, drifted = _drift(scene, code=0)
    assert "No drift" in text
    assert (drifted["changes"], drifted["warnings"]) == ([], [])
    scene.project.settled()


def test_a_server_that_waits_for_wider_scopes_is_no_drift(scene: Scene) -> None:
    assert scene.sign_in().code == 0
    scene.write(auth=scene.auth(scopes=["read", "write"]))
    scene.project.apply(code=6)
    text, planned = _plan(scene)
    assert "widens what the sign-in may do, by write" in text
    assert "the old sign-in stays in use until then" in text
    assert [_is_about_waiting(warning) for warning in planned["warnings"]] == [True]
    text, drifted = _drift(scene, code=0)
    assert "No drift" in text
    assert drifted["changes"] == []
    assert [_is_about_waiting(warning) for warning in drifted["warnings"]] == [True]
