"""Fuzzing by coverage of the readers of plans and states, a program of its own.

The options are those of `tests.fuzz.atheris_manifests`. Each input is read as a plan and as a
state, as it is and sealed again.
"""

import sys
from functools import partial

import atheris

with atheris.instrument_imports(include=["reconciler.planning", "reconciler.state"]):
    from reconciler.planning import PlanUnreadable, read_plan
    from reconciler.state import StateUnreadable, parse
    from tests.fuzz import test_plans, test_states
    from tests.fuzz.mutating import Raw, tried


def one(data: bytes) -> None:
    """Read one input in every way."""
    text = data.decode("utf-8", "replace")
    for plan in (text, test_plans.sealed(Raw(text))):
        saved = tried(partial(read_plan, plan, name="any.plan"), PlanUnreadable)
        if not isinstance(saved, PlanUnreadable):
            test_plans.use(saved)
    for state in (text, test_states.sealed(Raw(text))):
        found = tried(partial(parse, state, name="any.json"), StateUnreadable)
        if not isinstance(found, StateUnreadable):
            test_states.use(found)


if __name__ == "__main__":
    atheris.Setup(sys.argv, one)
    atheris.Fuzz()
