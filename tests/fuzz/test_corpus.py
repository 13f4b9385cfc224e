"""Every input that once did harm: it is refused now, or does none."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.resources import Snapshot
from reconciler.state import State, StateUnreadable, parse
from reconciler.state.journal import fold
from tests.fuzz import test_plans, test_states
from tests.fuzz.mutating import tried
from tests.fuzz.test_answers import Platform, platform
from tests.fuzz.test_answers import use as use_snapshot
from tests.parts.scripted_http import Reply

__all__ = ["platform"]  # a fixture
CORPUS = Path(__file__).parent / "corpus"


def inputs(folder: str) -> list[Path]:
    """The files of a folder."""
    return sorted((CORPUS / folder).iterdir())


def name(path: Path) -> str:
    """What a test of a file is called."""
    return path.stem


def use_or_refuse(call: Callable[[], State]) -> None:
    """A state that is used, or refused in one line."""
    found = tried(call, StateUnreadable)
    if isinstance(found, State):
        test_states.use(found)
    else:
        assert found.message.isprintable()


@pytest.mark.parametrize("path", inputs("plans"), ids=name)
def test_plans_that_did_harm(path: Path, tmp_path: Path) -> None:
    text = path.read_text("utf-8")
    test_plans.try_to_use(text, tmp_path / "any.plan")
    test_plans.try_to_use(test_plans.sealed(json.loads(text)), tmp_path / "any.plan")


@pytest.mark.parametrize("path", inputs("states"), ids=name)
def test_states_that_did_harm(path: Path) -> None:
    text = path.read_text("utf-8")
    use_or_refuse(lambda: parse(text, name="acme.json"))
    use_or_refuse(lambda: parse(test_states.sealed(json.loads(text)), name="acme.json"))


@pytest.mark.parametrize("path", inputs("journals"), ids=name)
def test_journals_that_did_harm(path: Path) -> None:
    use_or_refuse(lambda: fold(test_states.FULL, path.read_text("utf-8"), name="acme.json"))


@pytest.mark.parametrize("path", inputs("answers"), ids=name)
def test_answers_that_did_harm(path: Path, platform: Platform) -> None:
    told = json.loads(path.read_text("utf-8"))
    platform.mend()
    platform.web.on("GET", told["path"], Reply(json=told["answer"]))
    found = platform.snapshot()
    if isinstance(found, Snapshot):
        use_snapshot(found)
    else:
        assert found.help
