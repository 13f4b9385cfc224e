"""Which secrets a change sends, and by what state recognises them."""

from typing import Any

from reconciler.execution import needed_secrets, written_secrets
from reconciler.planning import Observation
from reconciler.resources import Address, Resource, SecretRef
from tests.execution.scripts import Bench
from tests.parts.values import live_server, owned, plan, server, snapshot, state

GITHUB = Address("MCPServer", "github")
TOKEN = ("auth", "token")
KEY = ("headers", "X-Key")


def wanted(token: str = "TOKEN", key: str = "KEY", **more: Any) -> Resource:
    """A server with two secrets."""
    return server(
        "github",
        {
            "displayName": "GitHub",
            "auth": {"mode": "bearer", "token": {"env": token}},
            "headers": {"X-Key": {"env": key}, "X-Team": {"literal": "platform"}},
            **more,
        },
    )


LIVE = {
    "displayName": "GitHub",
    "auth": {"mode": "bearer", "token": True},
    "headers": {"X-Key": True, "X-Team": True},
}


def sent(desired: Resource, live: dict[str, Any] | None = None) -> dict[tuple[str, ...], str]:
    """What the change of an owned server sends, by path."""
    (change,) = plan(
        [desired],
        snapshot(live_server("rms_1", {**LIVE, **(live or {})})),
        state({"MCPServer/github": owned("rms_1", wanted().spec)}),
    ).changes
    return {path: str(reference) for path, reference in written_secrets(change).items()}


def test_a_creation_sends_all() -> None:
    (change,) = plan([wanted()], snapshot()).changes
    assert set(written_secrets(change)) == {TOKEN, KEY}
    assert needed_secrets([change]) == {SecretRef("env", "TOKEN"), SecretRef("env", "KEY")}


def test_a_replace_sends_all() -> None:
    assert set(sent(wanted(url="https://new.example/mcp"))) == {TOKEN, KEY}


def test_an_update_of_other_fields_sends_none() -> None:
    assert sent(wanted(displayName="New")) == {}


def test_a_changed_token_is_sent_without_the_headers() -> None:
    assert sent(wanted(token="NEW")) == {TOKEN: "env:NEW"}


def test_one_changed_header_sends_every_header() -> None:
    assert sent(wanted(), {"headers": {"X-Key": True}}) == {KEY: "env:KEY"}


def test_a_token_that_comes_is_sent() -> None:
    assert sent(wanted(), {"auth": {"mode": "none"}}) == {TOKEN: "env:TOKEN"}


def test_a_token_that_goes_sends_nothing() -> None:
    desired = wanted()
    without = server("github", {**desired.spec, "auth": {"mode": "none"}})
    assert sent(without) == {}


def test_a_deletion_sends_none() -> None:
    (change,) = plan(
        [], snapshot(live_server("rms_1", LIVE)), state({"MCPServer/github": owned("rms_1", {})})
    ).changes
    assert needed_secrets([change]) == frozenset()


def test_a_creation_remembers_a_fingerprint_of_each_secret(bench: Bench) -> None:
    bench.apply(wanted())
    assert bench.state.entries[GITHUB].fingerprints == {
        TOKEN: "print of env:TOKEN",
        KEY: "print of env:KEY",
    }


def test_an_update_keeps_the_fingerprints_of_what_it_did_not_send(bench: Bench) -> None:
    bench.apply(wanted())
    bench.prints = lambda reference: f"second print of {reference}"
    bench.observations = {("MCPServer/github", TOKEN): Observation.ROTATED}
    bench.apply(wanted())
    assert bench.state.entries[GITHUB].fingerprints == {
        TOKEN: "second print of env:TOKEN",
        KEY: "print of env:KEY",
    }


def test_the_fingerprint_of_a_secret_that_is_no_longer_used_goes(bench: Bench) -> None:
    bench.apply(wanted())
    bench.apply(server("github", {**wanted().spec, "auth": {"mode": "none"}}))
    assert set(bench.state.entries[GITHUB].fingerprints) == {KEY}


def respelled(**more: Any) -> Resource:
    """The same header in another letter case."""
    headers = {"x-key": {"env": "KEY"}, "X-Team": {"literal": "platform"}}
    return wanted(headers=headers, **more)


def test_a_header_spelled_otherwise_keeps_its_fingerprint(bench: Bench) -> None:
    bench.apply(wanted())
    assert bench.plan([respelled()]).changes == ()
    bench.apply(respelled())
    assert bench.state.entries[GITHUB].fingerprints["headers", "x-key"] == "print of env:KEY"


def test_a_header_spelled_otherwise_keeps_its_fingerprint_through_an_update(bench: Bench) -> None:
    bench.apply(wanted())
    bench.apply(respelled(displayName="New"))
    assert bench.state.entries[GITHUB].fingerprints["headers", "x-key"] == "print of env:KEY"


def test_no_secret_value_reaches_the_state_file(bench: Bench) -> None:
    bench.apply(wanted())
    assert "hush" not in (bench.folder / "state.json").read_text()
