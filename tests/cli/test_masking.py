"""What `--debug` tells may be pasted where strangers read."""

from pathlib import Path

import pytest

from reconciler.cli.masking import Masks
from reconciler.cli.tracing import Trace
from reconciler.providers import Call
from tests.cli.runs import pause


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("signed in as ana@acme.example (admin)", "signed in as <person 1> (admin)"),
        (
            "Ana@Acme.example, ben@acme.example, ana@acme.example",
            "<person 1>, <person 2>, <person 1>",
        ),
        ("locked by ana@laptop:4711", "locked by <person 1>:4711"),
        ("/home/ana/work/state.json", "~/work/state.json"),
        ("/home/ana", "~"),
        ("/home/anabel/x", "/home/<user>/x"),
        ("/Users/ben/x", "/Users/<user>/x"),
        (r"C:\Users\Ben\state.json", r"C:\Users\<user>\state.json"),
        (
            "https://as.example/authorize?code=1&state=2 later",
            "https://as.example/authorize?… later",
        ),
        ("`https://as.example/?code=1`", "`https://as.example/?…`"),
        ("GET /api/w/w1/mcp?role=admin", "GET /api/w/w1/mcp?role=admin"),
        ("nothing to hide", "nothing to hide"),
    ],
)
def test_people_homes_and_queries_are_masked(text: str, masked: str) -> None:
    assert Masks(Path("/home/ana"))(text) == masked


def test_a_home_that_is_the_root_masks_nothing() -> None:
    assert Masks(Path("/"))("/srv/state.json") == "/srv/state.json"


def test_a_call_and_a_wait_are_told_in_a_line_each() -> None:
    told: list[str] = []
    trace = Trace(
        tell=told.append, masks=Masks(Path("/home/ana")), clock=iter((0, 0.25, 1.5)).__next__
    )
    trace.call(
        Call(
            method="GET",
            path="/api/w/w1/mcp",
            status=503,
            milliseconds=12.4,
            attempt=2,
            query="kind=system",
            request_id="req-1",
        )
    )
    trace.pause(pause(2.04, asked=False))
    assert told == [
        "     0.250 GET /api/w/w1/mcp?kind=system → 503, 12 ms (attempt 2), request req-1",
        "     1.500 GET /api/w/w1/mcp: waiting 2.0 s before attempt 2: status 503",
    ]
