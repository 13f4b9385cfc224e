"""JSON of the commands that have to do with people: one document that fits its schema, always."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.signing import MODES, Parts, Scene, opened, scene_of
from tests.e2e.test_json_output import checked
from tests.parts.cli import Done

_EACH = 12
_JSON = ("--output", "json")


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


def _connect(scene: Scene, *more: str, code: int) -> Done:
    """Connect and do nothing about it."""
    return scene.project.run("connect", "-f", "manifests", "--no-browser", *_JSON, *more, code=code)


def _only(report: Any) -> Any:
    """The report's only result."""
    (result,) = report["results"]
    assert result["address"] == "MCPServer/desk"
    assert sum(report["summary"].values()) == 1
    assert report["summary"][result["outcome"]] == 1
    return result


@pytest.mark.parametrize("mode", MODES)
def test_a_connect_that_finishes_a_sign_in_reports_it(scene: Scene, mode: str) -> None:
    scene.use(mode)
    with scene.connect(*_JSON) as running:
        running.enter(scene.land(running, mode))
        done = running.end()
    assert done.code == 0, str(done)
    result = _only(checked(done, "report"))
    assert (result["outcome"], result["action"]) == ("applied", "create")
    assert result["consent"] is None
    assert scene.oidc.issuer in done.err, "the address to sign in at is talk"

    assert checked(_connect(scene, code=0), "report")["results"] == []


@pytest.mark.parametrize("mode", MODES)
def test_an_apply_that_waits_for_a_sign_in_tells_programs_who_and_where(
    scene: Scene, mode: str
) -> None:
    scene.use(mode)
    done = scene.project.apply(*_JSON, code=6)
    result = _only(checked(done, "report"))
    assert result["outcome"] == "pending"
    assert result["operation"] == "sign in to `Desk` as an administrator"
    assert result["message"] == "ana@acme.example has to sign in"
    assert result["help"] == ["that person runs `reconciler connect MCPServer/desk`"]
    assert result["consent"]["who"] == "ana@acme.example"
    assert result["consent"]["url"].startswith(f"{scene.oidc.issuer}/auth?")
    state = json.loads((scene.project.folder / "state.json").read_text())
    assert result["consent"]["since"] in json.dumps(state)


def test_a_connect_that_nobody_answers_reports_it_as_pending(scene: Scene) -> None:
    result = _only(checked(_connect(scene, "--deadline", "1", code=6), "report"))
    assert result["outcome"] == "pending"
    assert result["consent"]["who"] == "ana@acme.example"


def test_a_denied_sign_in_is_a_failed_result(scene: Scene) -> None:
    scene.oidc.consent("deny")
    with scene.connect(*_JSON) as running:
        running.enter(scene.land(running))
        done = running.end()
    scene.oidc.consent("auto")
    assert done.code == 1, str(done)
    result = _only(checked(done, "report"))
    assert result["outcome"] == "failed"
    assert "denied" in result["message"]


def test_a_connect_that_is_interrupted_reports_what_waits(scene: Scene) -> None:
    with scene.connect(*_JSON) as running:
        running.wait_for("paste its address")
        running.interrupt()
        done = running.end()
    assert done.code == 130, str(done)
    report = checked(done, "report")
    assert report["interrupted"] is True
    assert _only(report)["outcome"] == "pending"


def test_a_connect_that_ends_early_prints_a_failure(scene: Scene) -> None:
    unknown = _connect(scene, "nobody", code=64)
    assert "no manifest describes MCPServer/nobody" in checked(unknown, "failure")["message"]
    scene.project.environ["DUST_ACCESS_TOKEN"] = "nobody-has-this-token"
    assert "isn't accepted" in checked(_connect(scene, code=1), "failure")["message"]


def test_callbacks_of_the_workspace_are_those_that_sign_ins_come_back_to(scene: Scene) -> None:
    live = ("callbacks", "--live", "-f", "manifests", *_JSON)
    told = checked(scene.project.run(*live), "callbacks")["workspace"]
    assert told["redirectUris"] == {mode: scene.callback_of(mode) for mode in MODES}

    scene.project.environ["DUST_ACCESS_TOKEN"] = "nobody-has-this-token"
    failure = checked(scene.project.run(*live, code=1), "failure")
    assert "isn't accepted" in failure["message"]
    both = scene.project.run(*live, "--region", "eu", code=64)
    assert "leave it out" in checked(both, "failure")["message"]
