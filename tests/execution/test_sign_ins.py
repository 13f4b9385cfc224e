"""Sign-ins: what waits for a person, what doesn't, and what is remembered of it."""

from collections.abc import Callable
from typing import Any

from reconciler.execution import Outcome, Step
from reconciler.providers import Rejected
from reconciler.resources import Address, Change
from reconciler.state import Consent
from tests.execution.scripts import OWNER, Bench, outcomes, raising
from tests.parts.values import URL, owned, server, space

GITHUB, FINANCE = Address("MCPServer", "github"), Address("Space", "finance")
AUTOMATIC: dict[str, Any] = {"displayName": "GitHub", "auth": {"mode": "automatic"}}


class Someone:
    """Plays a person by a script of steps; `asks` is what they were asked."""

    def __init__(self, *steps: Step | Callable[[Consent, Callable[[str], None]], Step]) -> None:
        self.steps = list(steps)
        self.asks: list[tuple[str, bool]] = []

    def asked(
        self,
        change: Change,
        consent: Consent,
        *,
        fresh: bool,
        trouble: str,
        finish: Callable[[str], None],
    ) -> Step:
        self.asks.append((consent.connection, fresh))
        step = self.steps.pop(0)
        return step if isinstance(step, Step) else step(consent, finish)


def waiting(bench: Bench) -> Consent:
    """The one sign-in that is waited for."""
    (consent,) = bench.state.consents.values()
    return consent


def sign_in(bench: Bench) -> None:
    """The person does it, in a browser, unseen."""
    bench.world.signed_in.add(waiting(bench).connection)


def test_a_server_that_takes_a_sign_in_waits_and_the_rest_goes_on(bench: Bench) -> None:
    report = bench.apply(server("github", AUTOMATIC), space("finance"))
    assert outcomes(report) == {
        "MCPServer/github": Outcome.PENDING,
        "Space/finance": Outcome.APPLIED,
    }
    assert bench.world.servers == {}
    assert set(bench.state.entries) == {FINANCE}
    (pending,) = report.of(Outcome.PENDING)
    assert pending.consent == waiting(bench)
    assert "reconciler connect MCPServer/github" in pending.help[0]


def test_the_next_apply_goes_on_with_the_same_sign_in(bench: Bench) -> None:
    wanted = server("github", AUTOMATIC)
    bench.apply(wanted)
    first = waiting(bench)
    assert outcomes(bench.apply(wanted)) == {"MCPServer/github": Outcome.PENDING}
    assert waiting(bench) == first, "asking again would register another client"
    sign_in(bench)
    assert outcomes(bench.apply(wanted)) == {"MCPServer/github": Outcome.APPLIED}
    assert bench.state.consents == {}
    assert bench.apply(wanted).results == ()


def test_a_plan_says_who_is_waited_for(bench: Bench) -> None:
    wanted = server("github", AUTOMATIC)
    bench.apply(wanted)
    (warning,) = bench.plan([wanted]).warnings
    assert warning.code == "consent-needed"
    assert "waits for ana@acme.example to sign in" in warning.message


def test_another_request_takes_another_sign_in(bench: Bench) -> None:
    bench.apply(server("github", AUTOMATIC))
    first = waiting(bench)
    bench.apply(server("github", {**AUTOMATIC, "auth": {"mode": "automatic", "scopes": ["a"]}}))
    assert waiting(bench).connection != first.connection


def test_a_sign_in_is_no_longer_waited_for_without_its_manifest(bench: Bench) -> None:
    bench.apply(server("github", AUTOMATIC), space("finance"))
    bench.apply(space("finance"), space("more"))
    assert bench.state.consents == {}


def test_a_sign_in_follows_its_server_to_a_new_name(bench: Bench) -> None:
    bench.apply(server("github", AUTOMATIC))
    sign_in(bench)
    report = bench.apply(server("hub", AUTOMATIC, previously=("github",)))
    assert outcomes(report) == {"MCPServer/hub": Outcome.APPLIED}


def test_what_the_platform_chose_is_remembered_and_stays(bench: Bench) -> None:
    wanted = server("github", AUTOMATIC)
    bench.apply(wanted)
    sign_in(bench)
    bench.apply(wanted)
    bench.apply(wanted, space("finance"))
    assert bench.state.entries[GITHUB].applied["auth"] == {
        "mode": "automatic",
        "scopes": ["discovered"],
    }


def test_an_update_does_everything_else_before_it_waits(bench: Bench) -> None:
    made = bench.world.add_server(url=URL, displayName="Old", auth={"mode": "automatic"})
    with bench.store.session(owner=OWNER, tool="test") as session:
        session.put(GITHUB, owned(made, {"url": URL}))
    wanted = server("github", {**AUTOMATIC, "auth": {"mode": "automatic", "scopes": ["a"]}})
    report = bench.apply(wanted)
    (pending,) = report.of(Outcome.PENDING)
    assert bench.world.servers[made]["displayName"] == "GitHub"
    assert pending.started
    assert report.touched
    sign_in(bench)
    assert outcomes(bench.apply(wanted)) == {"MCPServer/github": Outcome.APPLIED}
    assert bench.plan([wanted]).changes == ()


def test_a_failure_after_the_sign_in_costs_no_second_one(bench: Bench) -> None:
    wanted = server("github", {**AUTOMATIC, "icon": "ActionCarIcon"})
    bench.apply(wanted)
    sign_in(bench)
    bench.writer.before["MCPServer/github icon"] = raising(Rejected("no such icon"))
    assert outcomes(bench.apply(wanted)) == {"MCPServer/github": Outcome.FAILED}
    assert bench.state.consents == {}
    assert [op.name for op in bench.plan([wanted]).changes[0].operations] == ["icon"]
    assert outcomes(bench.apply(wanted)) == {"MCPServer/github": Outcome.APPLIED}


def test_a_person_who_signs_in_at_once_is_waited_for(bench: Bench) -> None:
    def signs_in(consent: Consent, finish: Callable[[str], None]) -> Step:
        bench.world.signed_in.add(consent.connection)
        finish("https://dust.example/oauth/mcp/finalize?code=c")
        return Step.RETRY

    bench.person = Someone(Step.RETRY, signs_in)
    assert outcomes(bench.apply(server("github", AUTOMATIC))) == {
        "MCPServer/github": Outcome.APPLIED
    }
    assert [fresh for _, fresh in bench.person.asks] == [True, False]
    assert bench.state.consents == {}


def test_a_person_may_begin_again(bench: Bench) -> None:
    bench.apply(server("github", AUTOMATIC))
    old = waiting(bench).connection
    bench.person = Someone(Step.AGAIN, Step.LEAVE)
    bench.apply(server("github", AUTOMATIC))
    (first, second) = bench.person.asks
    assert first == (old, False)
    assert second[1] is True
    assert waiting(bench).connection == second[0] != old


def test_a_denied_sign_in_fails_and_is_not_waited_for(bench: Bench) -> None:
    def denied(_consent: Consent, _finish: Callable[[str], None]) -> Step:
        raise Rejected("the sign-in was denied")

    bench.person = Someone(denied)
    report = bench.apply(server("github", AUTOMATIC))
    (failed,) = report.of(Outcome.FAILED)
    assert failed.message == "the sign-in was denied"
    assert not report.touched
    assert bench.state.consents == {}


def test_what_is_waited_for_outlives_a_crash(bench: Bench) -> None:
    with bench.store.session(owner=OWNER, tool="test") as session:
        bench.carry_out(session, server("github", AUTOMATIC))
        assert not bench.store.path.exists(), "only the journal has it yet"
        assert waiting(bench).who == "ana@acme.example"
