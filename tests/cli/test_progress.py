"""What a run shows of itself: in a log, and on terminals of any width."""

import os
import sys
from pathlib import Path

import pytest

from reconciler.cli.console import Console, wants_color
from reconciler.cli.ledger import Ledger
from reconciler.cli.progress import PlainProgress
from reconciler.execution import Outcome
from reconciler.resources import Address
from reconciler.views import ProgressView, RunningView, heartbeat_line, progress_lines
from tests.cli.runs import CHANGES, GITHUB, JIRA, SPACE, change, ended, pause
from tests.parts.terminal import Terminal

ROOT = Path(__file__).parents[2]
_SPACE, _GITHUB, _JIRA = CHANGES


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def _run(columns: int, **environ: str) -> Terminal:
    base = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "tests.cli.progress_program"]
    return Terminal(command, columns=columns, folder=ROOT, environ={**base, **environ}, echo=False)


def test_the_ledger_knows_what_waits_for_what() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    ledger.begun(CHANGES)
    ledger.started(_SPACE)
    clock.now += 4
    view = ledger.view()
    assert view.running == (RunningView(address=str(SPACE), operation="", seconds=4),)
    assert view.waiting == (
        (str(GITHUB), (str(SPACE),)),
        (str(JIRA), (str(SPACE), str(GITHUB))),
    )
    ledger.finished(ended(_SPACE))
    assert ledger.view().waiting == ((str(GITHUB), ()), (str(JIRA), (str(GITHUB),)))
    assert ledger.view().done == 1


def test_what_failed_and_what_was_never_tried_are_counted_apart() -> None:
    ledger = Ledger(Clock())
    ledger.begun(CHANGES)
    ledger.started(_SPACE)
    ledger.finished(ended(_SPACE, Outcome.FAILED))
    ledger.finished(ended(_GITHUB, Outcome.SKIPPED))
    view = ledger.view()
    assert (view.failed, view.done, len(view.waiting)) == (1, 1, 1)


def test_a_wait_is_shown_until_it_is_over() -> None:
    clock = Clock()
    ledger = Ledger(clock)
    assert ledger.paused(pause(12))
    assert not ledger.paused(pause(5)), "another call in the same wait is no news"
    clock.now += 2
    assert ledger.view().pause == "waiting 10 s: the workspace asks to slow down"
    clock.now += 10
    assert ledger.view().pause == ""
    assert ledger.paused(pause(1, asked=False))
    assert ledger.view().pause == "waiting 1 s: after status 503"


def test_a_log_gets_a_sign_of_life_when_nothing_was_said_for_a_while(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = Clock()
    plain = PlainProgress(Console(), clock)
    plain.begun(CHANGES)
    plain.started(_SPACE)
    plain.operation(_SPACE, change(SPACE).operations[0])
    clock.now += 14
    plain.beat()
    assert capsys.readouterr().err == ""
    clock.now += 1
    plain.beat()
    plain.beat()
    told = "still running: Space/finance (create Space/finance, 15 s); 2 changes waiting"
    assert capsys.readouterr().err == f"· {told}\n"
    clock.now += 14
    plain.finished(ended(_SPACE))
    clock.now += 14
    plain.started(_GITHUB)
    plain.beat()
    assert capsys.readouterr().err == "  ✓ Space/finance created\n"


def test_a_log_is_told_of_a_long_wait_once(capsys: pytest.CaptureFixture[str]) -> None:
    plain = PlainProgress(Console(), Clock())
    for seconds in (1, 12, 11):
        plain.paused(pause(seconds))
    assert capsys.readouterr().err == ""
    fresh = PlainProgress(Console(), Clock())
    fresh.paused(pause(12))
    fresh.paused(pause(11))
    assert capsys.readouterr().err == "· waiting 12 s: the workspace asks to slow down\n"


def test_quiet_says_nothing_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    plain = PlainProgress(Console(quiet=True), clock)
    plain.begun(CHANGES)
    plain.started(_SPACE)
    clock.now += 60
    plain.beat()
    plain.paused(pause(12))
    plain.finished(ended(_SPACE))
    assert capsys.readouterr().err == ""


def test_a_run_of_many_shows_a_few_and_counts_the_rest() -> None:
    running = tuple(
        RunningView(address=str(Address("Space", f"s{n}")), operation="", seconds=1)
        for n in range(20)
    )
    waiting = tuple((f"MCPServer/m{n}", ("Space/s0",)) for n in range(30))
    lines = progress_lines(ProgressView(running=running, waiting=waiting))
    assert len(lines) == 15
    assert lines[0] == "20 running, 30 waiting, 0 done"
    assert "  … 12 more running" in lines
    assert lines[-1] == "  … 26 more waiting"
    assert heartbeat_line(ProgressView(running=running)).endswith(" and 12 more")


@pytest.mark.parametrize("columns", [40, 200])
def test_a_terminal_shows_what_runs_and_what_waits(columns: int) -> None:
    with _run(columns) as terminal:
        terminal.wait_for("1 running, 2 waiting, 0 done")
        terminal.wait_for("Space/finance: create the space"[: columns - 9])
        terminal.wait_for("MCPServer/github waits for Space/financ"[: columns - 3])
        assert max(map(len, terminal.shown)) <= columns
        assert sum("create the space" in line for line in terminal.shown) == 1, "cut, not wrapped"
        terminal.enter("\n")
        terminal.wait_for("waiting 3600 s: the workspace"[: columns - 3])
        terminal.enter("\n")
        terminal.wait_for("✓ Space/finance created")
        terminal.wait_for("1 running, 1 waiting, 1 done")
        terminal.enter("\n")
        assert terminal.end() == 0
        left = [line for line in terminal.shown if line]
        assert left[-4:] == [
            "  ✓ Space/finance created",
            "  ✓ MCPServer/github created",
            "  ✓ MCPServer/jira created",
            "over",
        ], "the display is gone, and what ended stays"


def test_without_colour_a_terminal_has_the_display_all_the_same() -> None:
    with _run(80, NO_COLOR="1") as terminal:
        terminal.wait_for("1 running, 2 waiting, 0 done")
        terminal.enter("\n\n\n")
        assert terminal.end() == 0
        assert b"\x1b[1;3" not in terminal.raw
        assert b"\x1b[32m" not in terminal.raw


def test_a_dumb_terminal_gets_lines_without_control_characters() -> None:
    with _run(80, TERM="dumb") as terminal:
        terminal.enter("\n\n\n")
        assert terminal.end() == 0
        assert b"\x1b" not in terminal.raw
        assert "display: PlainProgress" in terminal.shown


@pytest.mark.parametrize(
    ("environ", "terminal", "expected"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": "0"}, True, False),
        ({"CLICOLOR_FORCE": "1"}, False, True),
        ({"CLICOLOR": "0"}, True, False),
        ({"CLICOLOR": "1"}, False, False),
        ({"TERM": "dumb"}, True, False),
    ],
)
def test_who_wants_colour(environ: dict[str, str], terminal: bool, expected: bool) -> None:
    assert wants_color(terminal, environ) is expected
