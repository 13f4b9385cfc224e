"""The executor: order, failures, interruptions, and what state says afterwards."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.execution import Listener, Outcome, Result
from reconciler.providers import Forbidden, NotFound, OutcomeUnknown, Rejected
from reconciler.resources import Address, Change, Operation, Reason
from reconciler.state import StateLost
from tests.execution.scripts import OWNER, Bench, outcomes, raising
from tests.parts.values import URL, server, space

FINANCE = Address("Space", "finance")
GITHUB = Address("MCPServer", "github")
OTHER_URL = "https://other.example/mcp"


def test_what_a_change_needs_is_done_before_it(bench: Bench) -> None:
    report = bench.apply(server("a", {"spaces": ["z"]}), space("z"))
    assert set(outcomes(report).values()) == {Outcome.APPLIED}
    log = bench.world.log
    assert log.index("Space/z create") < log.index("MCPServer/a create")


def test_operations_of_a_change_come_in_the_order_of_the_plan(bench: Bench) -> None:
    wanted = server("a", {"displayName": "A", "icon": "ActionCarIcon", "description": "d"})
    expected = [f"MCPServer/a {item.name}" for item in bench.plan([wanted]).changes[0].operations]
    bench.apply(wanted)
    assert bench.world.log == expected


def test_a_failure_skips_those_that_need_it_and_no_others(bench: Bench) -> None:
    bench.writer.before["Space/z create"] = raising(Rejected("no room"))
    report = bench.apply(
        space("z"),
        space("y"),
        server("in-z", {"spaces": ["z"]}),
        server("in-y", {"spaces": ["y"], "url": OTHER_URL}),
    )
    assert outcomes(report) == {
        "Space/z": Outcome.FAILED,
        "Space/y": Outcome.APPLIED,
        "MCPServer/in-z": Outcome.SKIPPED,
        "MCPServer/in-y": Outcome.APPLIED,
    }
    assert report.broken
    assert report.touched


def test_a_skipped_change_says_what_it_waited_for(bench: Bench) -> None:
    bench.writer.before["Space/z create"] = raising(Rejected("no room"))
    report = bench.apply(space("z"), server("a", {"spaces": ["z"]}))
    (skipped,) = report.of(Outcome.SKIPPED)
    assert skipped.message == "it needs Space/z, which was not applied"


def test_a_failed_first_call_touched_nothing(bench: Bench) -> None:
    bench.writer.before["Space/z create"] = raising(Forbidden("not an admin", help=("ask",)))
    report = bench.apply(space("z"))
    (failed,) = report.of(Outcome.FAILED)
    assert (failed.message, failed.help, failed.started) == ("not an admin", ("ask",), False)
    assert not report.touched
    assert bench.state.entries == {}


def test_results_come_in_the_order_of_the_plan(bench: Bench) -> None:
    bench.parallelism = 4
    resources = [space(f"s{number}") for number in range(9)]
    planned = [str(change.address) for change in bench.plan(resources).changes]
    assert list(outcomes(bench.apply(*resources))) == planned


def test_a_creation_that_fails_half_way_is_ours_and_finished_next_time(bench: Bench) -> None:
    wanted = server(
        "github", {"displayName": "GitHub", "description": "d", "icon": "ActionCarIcon"}
    )
    bench.writer.before["MCPServer/github describe"] = raising(Rejected("too long"))
    (failed,) = bench.apply(wanted).of(Outcome.FAILED)
    assert failed.started
    assert bench.state.entries[GITHUB].applied == {}
    assert outcomes(bench.apply(wanted)) == {"MCPServer/github": Outcome.APPLIED}
    assert bench.state.entries[GITHUB].applied == wanted.spec
    assert len(bench.world.servers) == 1


def test_an_applied_change_is_remembered_whole(bench: Bench) -> None:
    wanted = space("finance", {"members": ["ana@acme.example"]}, protect=True)
    bench.apply(wanted)
    entry = bench.state.entries[FINANCE]
    assert (entry.applied, entry.protect) == (wanted.spec, True)
    assert entry.remote_id in bench.world.spaces


def test_an_update_that_fails_keeps_what_was_applied_before(bench: Bench) -> None:
    bench.apply(space("finance"))
    before = bench.state
    bench.writer.before["Space/finance rename"] = raising(Rejected("taken"))
    bench.apply(space("finance", {"displayName": "Money"}))
    assert bench.state.entries == before.entries


def test_a_deleted_resource_is_forgotten(bench: Bench) -> None:
    bench.apply(space("finance"))
    bench.apply()
    assert bench.world.spaces == {}
    assert bench.state.entries == {}


def test_deleting_what_is_gone_already_is_done(bench: Bench) -> None:
    bench.apply(space("finance"))
    bench.writer.before["Space/finance delete"] = raising(NotFound("gone"))
    assert outcomes(bench.apply()) == {"Space/finance": Outcome.APPLIED}
    assert bench.state.entries == {}


def test_updating_what_is_gone_fails(bench: Bench) -> None:
    bench.apply(space("finance"))
    bench.writer.before["Space/finance rename"] = raising(NotFound("gone"))
    report = bench.apply(space("finance", {"displayName": "Money"}))
    assert outcomes(report) == {"Space/finance": Outcome.FAILED}


def test_a_refused_change_is_reported_and_not_sent(bench: Bench) -> None:
    bench.world.add_space(displayName="Finance")
    report = bench.apply(space("finance", {"displayName": "finance"}), space("other"))
    assert outcomes(report) == {"Space/finance": Outcome.REFUSED, "Space/other": Outcome.APPLIED}
    (refused,) = report.of(Outcome.REFUSED)
    assert "already has `Finance`" in refused.message
    assert not [line for line in bench.world.log if line.startswith("Space/finance")]


def test_a_new_protection_of_an_unchanged_resource_is_remembered(bench: Bench) -> None:
    bench.apply(space("finance"))
    bench.apply(space("finance", protect=True))
    assert bench.state.entries[FINANCE].protect


def test_what_the_manifest_no_longer_manages_is_no_longer_remembered(bench: Bench) -> None:
    bench.apply(space("finance", {"members": []}))
    bench.apply(space("finance"))
    assert "members" not in bench.state.entries[FINANCE].applied


def test_an_apply_without_changes_writes_no_state(bench: Bench) -> None:
    bench.apply(space("finance"))
    before = (bench.folder / "state.json").read_bytes()
    bench.apply(space("finance"))
    assert (bench.folder / "state.json").read_bytes() == before


def test_a_stop_between_two_operations_leaves_state_right(bench: Bench) -> None:
    wanted = server(
        "github", {"displayName": "GitHub", "description": "d", "icon": "ActionCarIcon"}
    )
    bench.writer.after["MCPServer/github create"] = bench.stop.set
    report = bench.apply(wanted, server("later", {"url": OTHER_URL}))
    assert report.interrupted
    assert outcomes(report) == {
        "MCPServer/github": Outcome.FAILED,
        "MCPServer/later": Outcome.SKIPPED,
    }
    assert bench.world.log == ["MCPServer/github create"]
    assert set(bench.state.entries) == {GITHUB}
    bench.stop.clear()
    assert set(outcomes(bench.apply(wanted)).values()) == {Outcome.APPLIED}


def test_a_stop_before_anything_does_nothing(bench: Bench) -> None:
    bench.stop.set()
    report = bench.apply(space("finance"))
    assert outcomes(report) == {"Space/finance": Outcome.SKIPPED}
    assert not report.touched
    assert bench.world.log == []


def test_a_state_that_cannot_be_written_stops_everything(bench: Bench) -> None:
    def spoil() -> None:
        # From now on the journal has no room left, as far as this process can tell.
        for descriptor in Path("/proc/self/fd").iterdir():
            if descriptor.exists() and descriptor.readlink().name == "state.json.journal":
                full = open("/dev/full", "wb")  # noqa: SIM115, PTH123 - becomes the journal
                import os

                os.dup2(full.fileno(), int(descriptor.name))
                full.close()

    bench.writer.after["Space/a create"] = spoil
    report = bench.apply(space("a"), space("b"), space("c"))
    assert bench.world.log == ["Space/a create"]
    (made, *rest) = report.results
    assert made.outcome is Outcome.FAILED
    assert f"this was done ({next(iter(bench.world.spaces))}) and could not be written" in (
        made.message
    )
    assert {each.outcome for each in rest} == {Outcome.SKIPPED}
    assert report.stopped
    assert report.touched, "so that the exit code tells that something was made"


@pytest.mark.parametrize("stopped_before", ["create", "view-add:a"])
def test_a_lock_that_is_lost_before_a_call_stops_everything_and_what_was_made_is_told(
    bench: Bench, stopped_before: str
) -> None:
    lost = StateLost("state.json", None)
    bench.writer.before[f"MCPServer/github {stopped_before}"] = raising(lost)
    report = bench.apply(space("a"), server("github", {"spaces": ["a"]}), space("b"))
    assert report.stopped
    assert report.stopped.message == lost.message
    told = {str(each.change.address): each for each in report.results}
    assert told["Space/a"].outcome is Outcome.APPLIED
    cut = told["MCPServer/github"]
    if stopped_before == "create":
        assert (cut.outcome, cut.started) == (Outcome.SKIPPED, False)
    else:
        assert (cut.outcome, cut.started) == (Outcome.FAILED, True)
        assert cut.message.startswith("stopped before this operation: the lock on the state")
    assert report.touched


def test_a_failure_that_can_not_be_written_down_is_told_as_that_failure(bench: Bench) -> None:
    reports = []

    def fail() -> None:
        bench.store.path.with_name("state.json.lock-owner").unlink()
        raise OutcomeUnknown("no answer came")

    def run() -> None:
        with bench.store.session(owner=OWNER, tool="test") as session:
            reports.append(bench.carry_out(session, space("a")))

    bench.writer.before["Space/a create"] = fail
    with pytest.raises(StateLost):
        run()
    (report,) = reports
    assert outcomes(report) == {"Space/a": Outcome.UNKNOWN}
    assert report.results[0].message == "no answer came"
    assert report.stopped
    assert "was lost" in report.stopped.message


def test_after_a_stopped_run_what_it_made_is_recovered(bench: Bench) -> None:
    bench.writer.after["Space/a create"] = raising(KeyError("a bug"))
    with pytest.raises(KeyError):
        bench.apply(space("a"))
    assert [intent.operation for intent in bench.state.unfinished] == ["create"]
    assert bench.plan([space("a")]).recovered == (Address("Space", "a"),)
    bench.apply(space("a"))
    assert len(bench.world.spaces) == 1
    assert bench.state.unfinished == ()


class Crowd(Listener):
    """Counts how many changes are worked on at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = 0
        self.finished_ones: list[str] = []
        self.operations: list[str] = []

    def started(self, change: Change) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)

    def operation(self, change: Change, operation: Operation) -> None:
        with self.lock:
            self.operations.append(f"{change.address} {operation.name}")

    def finished(self, result: Result) -> None:
        with self.lock:
            self.finished_ones.append(str(result.change.address))
            if result.outcome is not Outcome.SKIPPED:
                self.now -= 1


class Audience(Listener):
    """Writes down what it is told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def begun(self, changes: Sequence[Change]) -> None:
        self.told += [f"{c.address} needs {[str(n) for n in c.depends_on]}" for c in changes]

    def started(self, change: Change) -> None:
        self.told.append(f"{change.address} begins")


def test_what_waits_for_what_is_told_before_anything_begins(bench: Bench) -> None:
    bench.listener = audience = Audience()
    bench.apply(space("a"), server("x", {"spaces": ["a"]}))
    assert audience.told == [
        "Space/a needs []",
        "MCPServer/x needs ['Space/a']",
        "Space/a begins",
        "MCPServer/x begins",
    ]


@pytest.mark.parametrize("bound", [1, 3])
def test_no_more_changes_are_worked_on_than_parallelism_allows(bench: Bench, bound: int) -> None:
    crowd = Crowd()
    bench.listener, bench.parallelism = crowd, bound
    bench.apply(*(space(f"s{number}") for number in range(12)))
    assert 1 <= crowd.most <= bound


def test_as_many_changes_as_allowed_run_at_once(bench: Bench) -> None:
    together = threading.Barrier(3, timeout=30)
    bench.parallelism = 3

    def arrive() -> None:
        together.wait()

    for number in range(3):
        bench.writer.before[f"Space/s{number} create"] = arrive
    report = bench.apply(*(space(f"s{number}") for number in range(3)))
    assert set(outcomes(report).values()) == {Outcome.APPLIED}


def test_the_listener_hears_of_every_change_and_operation(bench: Bench) -> None:
    crowd = Crowd()
    bench.listener = crowd
    bench.writer.before["Space/z create"] = raising(Rejected("no"))
    bench.apply(space("z"), space("y"), server("a", {"spaces": ["z"]}))
    assert sorted(crowd.finished_ones) == ["MCPServer/a", "Space/y", "Space/z"]
    assert crowd.operations == ["Space/y create", "Space/z create"]


def test_a_replace_makes_the_new_one_first_and_leaves_no_old_one(bench: Bench) -> None:
    bench.apply(server("github", {"displayName": "GitHub"}))
    old = bench.state.entries[GITHUB].remote_id
    bench.apply(server("github", {"displayName": "GitHub", "url": OTHER_URL}))
    (made,) = bench.world.servers
    entry = bench.state.entries[GITHUB]
    assert made == entry.remote_id != old
    assert entry.deposed == ()
    assert bench.world.servers[made]["displayName"] == "GitHub"


def test_a_replace_that_stops_half_way_knows_what_it_deposed(bench: Bench) -> None:
    bench.apply(server("github", {"displayName": "GitHub"}))
    old = bench.state.entries[GITHUB].remote_id
    moved = server("github", {"displayName": "GitHub", "url": OTHER_URL})
    bench.writer.before["MCPServer/github delete-old"] = raising(Rejected("busy"))
    bench.apply(moved)
    entry = bench.state.entries[GITHUB]
    assert entry.deposed == (old,)
    assert len(bench.world.servers) == 2
    assert outcomes(bench.apply(moved)) == {"MCPServer/github": Outcome.APPLIED}
    assert list(bench.world.servers) == [entry.remote_id]
    assert bench.world.servers[entry.remote_id]["displayName"] == "GitHub"
    assert bench.state.entries[GITHUB].deposed == ()


def test_what_a_half_done_update_left_is_nobody_elses_edit(bench: Bench) -> None:
    bench.apply(server("github", {"icon": "ActionCarIcon", "description": "one"}))
    bench.writer.before["MCPServer/github icon"] = raising(Rejected("no such icon"))
    (failed,) = bench.apply(server("github", {"icon": "ActionBeerIcon", "description": "two"})).of(
        Outcome.FAILED
    )
    assert failed.started

    made = bench.plan([server("github", {"icon": "ActionRobotIcon", "description": "three"})])

    assert {f.path: f.reason for f in made.changes[0].fields} == {
        ("icon",): Reason.EDITED,
        ("description",): Reason.EDITED,
    }
    assert not tuple(made.warnings)


def test_a_half_done_update_keeps_what_it_did_not_touch(bench: Bench) -> None:
    bench.apply(server("github", {"icon": "ActionCarIcon", "description": "one"}))
    bench.writer.after["MCPServer/github icon"] = raising(OutcomeUnknown("no answer"))
    bench.apply(server("github", {"icon": "ActionBeerIcon", "description": "one"}))
    assert bench.state.entries[GITHUB].applied == {"url": URL, "description": "one"}


def test_lifting_the_protection_takes_one_apply_before_the_replace(bench: Bench) -> None:
    bench.apply(server("github", protect=True))
    moved = server("github", {"url": OTHER_URL})
    assert outcomes(bench.apply(moved)) == {"MCPServer/github": Outcome.REFUSED}
    assert bench.state.entries[GITHUB].protect is False
    assert outcomes(bench.apply(moved)) == {"MCPServer/github": Outcome.APPLIED}


def test_a_replace_that_is_still_protected_stays_refused(bench: Bench) -> None:
    bench.apply(server("github", protect=True))
    moved = server("github", {"url": OTHER_URL}, protect=True)
    for _ in range(2):
        assert outcomes(bench.apply(moved)) == {"MCPServer/github": Outcome.REFUSED}


def test_two_that_swapped_their_names_do_not_swap_again_after_both_were_edited(
    bench: Bench,
) -> None:
    first = [space(name, {"displayName": name.upper()}) for name in "ab"]
    bench.apply(*first)
    ids = {address.name: entry.remote_id for address, entry in bench.state.entries.items()}
    swapped = {
        "a": space("a", {"displayName": "B"}, previously=("b",)),
        "b": space("b", {"displayName": "A"}, previously=("a",)),
    }
    bench.apply(*swapped.values())
    # Each is written by an apply, and looked at by another one after that.
    for member in ("ana@acme.example", "ben@acme.example"):
        edited = [
            replace(each, spec={**each.spec, "members": [member]}) for each in swapped.values()
        ]
        report = bench.apply(*edited)
        assert set(outcomes(report).values()) == {Outcome.APPLIED}
        now = {address.name: entry.remote_id for address, entry in bench.state.entries.items()}
        assert now == {"a": ids["b"], "b": ids["a"]}
