"""What a pipeline is told of a command that ended, and when its job fails."""

import json
from typing import Any

import pytest

from reconciler.workflows.tallying import COUNTED, FailOn, Tally, tally
from tests.parts.values import plan, snapshot, space
from tests.planning.documents import document

USUAL = frozenset({FailOn.ERROR, FailOn.REFUSED})
PLAN = document(plan([space("team")], snapshot()))
NOTHING = document(plan([], snapshot()))
_CHANGES = [
    {"action": "update", "refusal": None},
    {"action": "update", "refusal": {"gate": "protected"}},
]
DRIFT = {"format": "reconciler.drift/v1", "changes": _CHANGES}
NO_DRIFT = {"format": "reconciler.drift/v1", "changes": []}
REPORT = {
    "format": "reconciler.report/v1",
    "summary": {"applied": 2, "pending": 1, "failed": 0, "refused": 0},
    "results": [{}, {}, {}],
}
VALID = {"format": "reconciler.diagnostics/v1", "diagnostics": []}
FAILURE = {"format": "reconciler.failure/v1", "message": "no"}


def _of(found: Any, code: int, fail_on: frozenset[FailOn] = USUAL) -> Tally:
    return tally(json.dumps(found), code, fail_on)


def test_a_plan_is_counted_and_named_by_its_digest() -> None:
    found = _of(PLAN, 0)

    assert (found.counts["create"], found.changes, found.failed) == (1, True, False)
    assert found.digest == PLAN["digest"]
    assert not _of(NOTHING, 0).changes


def test_drift_is_counted_apart_from_what_is_refused() -> None:
    found = _of(DRIFT, 0)

    assert (found.counts["drifted"], found.counts["update"], found.counts["refused"]) == (2, 1, 1)


def test_an_apply_is_counted_by_outcomes() -> None:
    found = _of(REPORT, 6)

    assert (found.counts["applied"], found.counts["pending"], found.changes) == (2, 1, True)


@pytest.mark.parametrize("code", [1, 3, 5, 7, 64, 130, 137])
def test_every_code_of_a_command_that_did_not_do_its_job_is_an_error(code: int) -> None:
    assert _of(FAILURE, code).failed
    assert not _of(FAILURE, code, frozenset({FailOn.REFUSED})).failed


@pytest.mark.parametrize(
    ("word", "document_", "code"),
    [
        (FailOn.REFUSED, PLAN, 4),
        (FailOn.PENDING, REPORT, 6),
        (FailOn.CHANGES, PLAN, 0),
        (FailOn.DRIFT, DRIFT, 0),
    ],
)
def test_each_word_fails_on_its_own_matter_alone(word: FailOn, document_: Any, code: int) -> None:
    assert _of(document_, code, frozenset({word})).failed
    others = frozenset(FailOn) - {word, *({FailOn.CHANGES} if document_ in (PLAN, REPORT) else ())}
    assert not _of(document_, code, others).failed


def test_nothing_fails_on_a_quiet_day() -> None:
    for quiet in (NOTHING, NO_DRIFT, VALID):
        assert not _of(quiet, 0, frozenset(FailOn)).failed


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "else"}', "[" * 100_000])
def test_success_without_a_document_of_ours_is_an_error(text: str) -> None:
    found = tally(text, 0, USUAL)

    assert (found.failed, found.code) == (True, 1)


def test_its_values_are_words_numbers_and_a_digest() -> None:
    values = _of(PLAN, 0).values()

    assert set(values) == {"exit-code", "failed", "has-changes", "digest", *COUNTED}
    assert all(value.replace("sha256:", "").isalnum() for value in values.values())
