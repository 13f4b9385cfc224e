"""A plan as text, held to golden files: `RECONCILER_WRITE_GOLDEN=1` writes them anew."""

import json
import re

import pytest

from reconciler.diagnostics import PLAIN, Palette
from reconciler.planning import read_plan
from reconciler.views import PlanView, plan_text, summary_line
from tests.parts.values import plan, snapshot, space
from tests.planning.documents import document
from tests.views.golden_files import assert_golden
from tests.views.scenes import PLANS, view

_STYLE = re.compile("\x1b\\[[0-9;]*m")


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_reads_as_agreed(name: str) -> None:
    assert_golden(f"{name}.txt", plan_text(view(PLANS[name]()), PLAIN))


def test_a_plan_in_colour_reads_as_agreed() -> None:
    text = plan_text(view(PLANS["every-action"]()), Palette(enabled=True))
    assert_golden("every-action.ansi", text)


@pytest.mark.parametrize("name", PLANS)
def test_colour_changes_no_letter(name: str) -> None:
    made = view(PLANS[name]())
    coloured = plan_text(made, Palette(enabled=True))
    assert _STYLE.sub("", coloured) == plan_text(made, PLAIN)


@pytest.mark.parametrize("name", PLANS)
def test_a_saved_plan_shows_the_same_changes_as_a_fresh_one(name: str) -> None:
    fresh = PLANS[name]()
    saved = read_plan(json.dumps(document(fresh)), name="plan.json")
    made = view(fresh)
    again = PlanView(
        workspace=made.workspace,
        changes=saved.changes,
        unchanged=len(saved.unchanged),
        moves=made.moves,
        recovered=made.recovered,
        forgotten=made.forgotten,
        ignored=made.ignored,
        not_compared=made.not_compared,
        warnings=saved.warnings,
    )
    assert plan_text(again, PLAIN) == plan_text(made, PLAIN)


def test_the_summary_counts_one_of_a_thing_as_one() -> None:
    made = plan([space("a")], snapshot())
    line = summary_line(made.changes, 0, PLAIN)
    assert line == "Plan: 1 to create (0 unchanged, 1 API call)."


def test_a_plan_of_refusals_alone_says_that_it_changes_nothing() -> None:
    made = plan([space("a")], snapshot(complete=()))
    assert summary_line(made.changes, 0, PLAIN).startswith("Plan: 1 refused (")
