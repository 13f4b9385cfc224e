"""Creations that nobody saw end: looked up, never sent twice."""

from dataclasses import replace
from itertools import count

from reconciler.execution import Listener, Outcome
from reconciler.planning.ownership import LAGS, TAKES
from reconciler.providers import OutcomeUnknown, ReadRequest, Unreachable
from reconciler.resources import Address, Change, Gate, Operation, Snapshot
from tests.execution.scripts import Bench, outcomes, raising
from tests.parts.values import server, space

GITHUB = Address("MCPServer", "github")
WANTED = server("github", {"displayName": "GitHub", "icon": "ActionCarIcon"})
LOST = OutcomeUnknown("no answer in 30 s")


def creations(bench: Bench) -> int:
    """How many creations of the server were sent and done."""
    return bench.world.log.count("MCPServer/github create")


def test_a_creation_that_happened_is_found_and_gone_on_with(bench: Bench) -> None:
    bench.writer.after["MCPServer/github create"] = raising(LOST)
    assert outcomes(bench.apply(WANTED)) == {"MCPServer/github": Outcome.APPLIED}
    assert creations(bench) == 1
    assert bench.state.entries[GITHUB].applied == WANTED.spec
    assert bench.state.unfinished == ()


def test_a_creation_that_does_not_show_is_unknown_and_stays_open(bench: Bench) -> None:
    bench.writer.before["MCPServer/github create"] = raising(LOST)
    report = bench.apply(WANTED)
    assert outcomes(report) == {"MCPServer/github": Outcome.UNKNOWN}
    assert report.touched
    (intent,) = bench.state.unfinished
    assert intent.address == GITHUB
    assert intent.asked is not None
    assert intent.lost is not None
    assert intent.asked <= intent.lost


def test_a_plan_of_a_later_time_tries_one_again_that_did_not_happen(bench: Bench) -> None:
    bench.writer.before["MCPServer/github create"] = raising(LOST)
    bench.apply(WANTED)
    assert outcomes(bench.apply(WANTED)) == {"MCPServer/github": Outcome.REFUSED}
    bench.world.clock += TAKES + LAGS
    assert outcomes(bench.apply(WANTED)) == {"MCPServer/github": Outcome.APPLIED}
    assert creations(bench) == 1
    assert bench.state.unfinished == ()


def test_the_next_plan_takes_over_one_that_showed_too_late(bench: Bench) -> None:
    bench.lookups = ()
    bench.writer.after["MCPServer/github create"] = raising(LOST)
    assert outcomes(bench.apply(WANTED)) == {"MCPServer/github": Outcome.UNKNOWN}
    assert bench.plan([WANTED]).recovered == (GITHUB,)
    assert outcomes(bench.apply(WANTED)) == {"MCPServer/github": Outcome.APPLIED}
    assert creations(bench) == 1
    assert len(bench.world.servers) == 1


def test_an_object_that_was_there_before_is_not_taken_for_it(bench: Bench) -> None:
    unnamed = server("github", {"description": "d"})
    stranger = bench.world.add_server(url=unnamed.spec["url"])
    bench.writer.before["MCPServer/github create"] = raising(LOST)
    assert outcomes(bench.apply(unnamed)) == {"MCPServer/github": Outcome.UNKNOWN}
    assert bench.world.servers[stranger]["description"] != "d"


def test_what_somebody_made_since_the_plan_is_found_before_the_creation_is_sent(
    bench: Bench,
) -> None:
    class Late(Listener):
        """Another repository makes the same just before."""

        def operation(self, change: Change, operation: Operation) -> None:
            bench.world.add_server(url=WANTED.spec["url"], displayName="GitHub")

    bench.listener = Late()
    (result,) = bench.apply(WANTED).results
    assert result.outcome is Outcome.FAILED
    assert "somebody made rms_1 since the workspace was read" in result.message
    assert (creations(bench), bench.state.entries, bench.state.unfinished) == (0, {}, ())


def test_what_older_lists_lacked_is_not_taken_for_ours(bench: Bench) -> None:
    bench.world.add_server(url=WANTED.spec["url"], displayName="GitHub")
    bench.world.clock += 1000
    real, looks = bench.world.snapshot, count()

    def behind(request: ReadRequest | None = None) -> Snapshot:
        whole = real(request)
        # The plan's lists, and those before the creation, are from before the other was made.
        return whole if next(looks) > 1 else replace(whole, resources={"MCPServer": {}})

    bench.world.snapshot = behind  # type: ignore[method-assign]
    bench.writer.before["MCPServer/github create"] = raising(LOST)
    assert outcomes(bench.apply(WANTED)) == {"MCPServer/github": Outcome.UNKNOWN}
    bench.world.snapshot = real  # type: ignore[method-assign]
    bench.world.clock += TAKES + LAGS
    (change,) = bench.plan([WANTED]).changes
    assert change.refusal is not None
    assert change.refusal.gate is Gate.NAME_TAKEN
    assert bench.state.entries == {}


FINANCE = space("finance", {"displayName": "Finance"})


def test_a_space_that_lists_of_before_do_not_show_is_asked_for_again_and_stays_looked_for(
    bench: Bench,
) -> None:
    bench.lookups = ()
    bench.writer.after["Space/finance create"] = raising(LOST)
    bench.apply(FINANCE)
    real = bench.world.snapshot
    bench.world.snapshot = lambda request=None: replace(  # type: ignore[method-assign]
        real(request), resources={"Space": {}, "MCPServer": {}}
    )
    (result,) = bench.apply(FINANCE).results
    assert (result.outcome, len(bench.world.spaces)) == (Outcome.FAILED, 1)
    assert "has the name Finance" in result.message
    bench.world.snapshot = real  # type: ignore[method-assign]
    bench.apply(FINANCE)
    assert set(bench.world.spaces) == {e.remote_id for e in bench.state.entries.values()}
    assert bench.state.unfinished == ()


def test_a_space_that_was_not_made_is_asked_for_again_at_once(bench: Bench) -> None:
    bench.writer.before["Space/finance create"] = raising(LOST)
    bench.apply(FINANCE)
    assert outcomes(bench.apply(FINANCE)) == {"Space/finance": Outcome.APPLIED}
    assert bench.state.unfinished == ()


def test_a_space_of_which_two_creations_were_lost_is_taken_over(bench: Bench) -> None:
    bench.lookups = ()
    bench.writer.before["Space/finance create"] = raising(LOST)
    bench.apply(FINANCE)
    bench.world.clock += TAKES
    bench.writer.after["Space/finance create"] = raising(LOST)
    bench.apply(FINANCE)
    assert bench.plan([FINANCE]).recovered == (FINANCE.address,)


def test_the_lists_are_read_once_before_all_creations_of_a_run(bench: Bench) -> None:
    real, asked = bench.world.snapshot, list[ReadRequest | None]()

    def counted(request: ReadRequest | None = None) -> Snapshot:
        asked.append(request)
        return real(request)

    bench.world.snapshot = counted  # type: ignore[method-assign]
    bench.parallelism = 4
    bench.apply(*(server(f"s{n}", {"displayName": f"S{n}"}) for n in range(12)))
    assert len(asked) == 2, "once to plan, once before the first creation"
    bench.apply(*(server(f"s{n}", {"displayName": f"T{n}"}) for n in range(12)))
    assert len(asked) == 3, "nothing is made, so that nothing is read again"


def test_of_two_new_objects_neither_is_taken(bench: Bench) -> None:
    unnamed = server("github")

    def another() -> None:
        bench.world.add_server(url=unnamed.spec["url"])
        raise LOST

    bench.writer.after["MCPServer/github create"] = another
    assert outcomes(bench.apply(unnamed)) == {"MCPServer/github": Outcome.UNKNOWN}
    (change,) = bench.plan([unnamed]).changes
    assert change.refusal is not None


def test_an_object_that_another_creation_under_way_may_have_made_is_not_taken(
    bench: Bench,
) -> None:
    # Two servers share a URL and have no names of their own. The creation of the second is
    # answered only after that of the first was lost and looked up.
    import threading

    seconds_made, firsts_lost, firsts_looked = (threading.Event() for _ in range(3))

    class Reader:
        """Tells when it was asked."""

        def snapshot(self, request: object) -> object:
            looking = firsts_lost.is_set()  # and not what is read before the first creation
            if looking:
                seconds_made.wait(30)
            found = real(request)  # type: ignore[arg-type]  # what the executor asks
            if looking:
                firsts_looked.set()
            return found

    real = bench.world.snapshot
    bench.parallelism = 2

    def lost() -> None:
        firsts_lost.set()
        raise LOST

    bench.writer.before["MCPServer/a create"] = lost

    def slow() -> None:
        seconds_made.set()
        firsts_looked.wait(30)

    bench.writer.after["MCPServer/b create"] = slow
    planned = bench.world.snapshot()
    bench.world.snapshot = lambda request=None: (  # type: ignore[method-assign,assignment]  # told when asked
        planned if request is None else Reader().snapshot(request)  # type: ignore[return-value]
    )
    report = bench.apply(server("a"), server("b"))
    assert outcomes(report) == {
        "MCPServer/a": Outcome.UNKNOWN,
        "MCPServer/b": Outcome.APPLIED,
    }
    ids = [entry.remote_id for entry in bench.state.entries.values()]
    assert len(ids) == len(set(ids)) == 1


def test_a_creation_that_surely_did_not_happen_leaves_nothing_open(bench: Bench) -> None:
    bench.writer.before["MCPServer/github create"] = raising(Unreachable("refused"))
    assert outcomes(bench.apply(WANTED)) == {"MCPServer/github": Outcome.FAILED}
    assert bench.state.unfinished == ()


def test_an_update_of_unknown_outcome_is_seen_by_the_next_plan(bench: Bench) -> None:
    bench.apply(WANTED)
    moved = server("github", {"displayName": "GitHub", "icon": "ActionCameraIcon"})
    bench.writer.after["MCPServer/github icon"] = raising(LOST)
    assert outcomes(bench.apply(moved)) == {"MCPServer/github": Outcome.UNKNOWN}
    assert bench.state.unfinished == ()
    assert bench.plan([moved]).changes == ()


def test_the_successor_in_a_replace_is_looked_up_under_its_passing_name(bench: Bench) -> None:
    bench.apply(WANTED)
    moved = server("github", {"displayName": "GitHub", "url": "https://new.example/mcp"})
    bench.writer.after["MCPServer/github create"] = raising(LOST)
    assert outcomes(bench.apply(moved)) == {"MCPServer/github": Outcome.APPLIED}
    assert len(bench.world.servers) == 1


def test_a_lost_successor_is_taken_over_by_the_next_apply(bench: Bench) -> None:
    bench.apply(WANTED)
    moved = server("github", {"displayName": "GitHub", "url": "https://new.example/mcp"})
    bench.lookups = ()
    bench.writer.after["MCPServer/github create"] = raising(LOST)
    bench.apply(moved)
    assert len(bench.world.servers) == 2
    assert outcomes(bench.apply(moved)) == {"MCPServer/github": Outcome.APPLIED}
    (left,) = bench.world.servers.values()
    assert (left["url"], left["displayName"]) == ("https://new.example/mcp", "GitHub")
