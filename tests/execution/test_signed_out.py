"""A credential that counts no more ends the run: one message, nothing more is sent."""

from reconciler.execution import Outcome
from reconciler.providers import OutcomeUnknown, SignedOut
from tests.execution.scripts import Bench, outcomes, raising
from tests.parts.values import server, space

GONE = SignedOut("the token has expired", call="POST /spaces", help=("sign in again",))


def test_nothing_more_is_tried_and_the_reason_is_told_once(bench: Bench) -> None:
    bench.writer.before["Space/b create"] = raising(GONE)
    report = bench.apply(space("a"), space("b"), space("c"), server("s", {"spaces": ["c"]}))
    assert bench.world.log == ["Space/a create"]
    assert outcomes(report) == {
        "Space/a": Outcome.APPLIED,
        "Space/b": Outcome.SKIPPED,
        "Space/c": Outcome.SKIPPED,
        "MCPServer/s": Outcome.SKIPPED,
    }
    assert report.stopped is not None
    assert report.stopped.message == "the token has expired"
    assert report.stopped.help == ("sign in again",)
    assert report.broken


def test_a_change_that_was_half_done_is_failed(bench: Bench) -> None:
    wanted = server("s", {"displayName": "S", "icon": "ActionCarIcon"})
    second = bench.plan([wanted]).changes[0].operations[1]
    bench.writer.before[f"MCPServer/s {second.name}"] = raising(GONE)
    report = bench.apply(wanted)
    (failed,) = report.of(Outcome.FAILED)
    assert failed.started
    assert failed.operation == second
    assert "stopped before this operation" in failed.message


def test_the_next_apply_finishes_it_without_duplicates(bench: Bench) -> None:
    wanted = server("s", {"displayName": "S", "icon": "ActionCarIcon"})
    second = bench.plan([wanted]).changes[0].operations[1]
    bench.writer.before[f"MCPServer/s {second.name}"] = raising(GONE)
    bench.apply(wanted, space("a"))
    report = bench.apply(wanted, space("a"))
    assert report.stopped is None
    assert not report.broken
    assert len(bench.world.servers) == 1
    assert bench.state.unfinished == ()


def test_a_refused_creation_leaves_no_open_intent(bench: Bench) -> None:
    bench.writer.before["Space/a create"] = raising(GONE)
    bench.apply(space("a"))
    assert bench.state.unfinished == ()
    assert bench.state.entries == {}


def test_changes_in_parallel_stop_with_the_first_reason(bench: Bench) -> None:
    bench.parallelism = 4
    for name in "abcd":
        bench.writer.before[f"Space/{name} create"] = raising(GONE)
    report = bench.apply(*(space(name) for name in "abcdefgh"))
    assert set(outcomes(report).values()) == {Outcome.SKIPPED}
    assert bench.world.log == []


def test_a_creation_of_unknown_outcome_stays_unknown(bench: Bench) -> None:
    bench.writer.before["Space/a create"] = raising(OutcomeUnknown("no answer"))
    bench.writer.before["Space/b create"] = raising(GONE)
    report = bench.apply(space("a"), space("b"))
    assert outcomes(report) == {"Space/a": Outcome.UNKNOWN, "Space/b": Outcome.SKIPPED}
