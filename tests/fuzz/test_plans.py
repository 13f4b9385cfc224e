"""Plan files that nobody wrote, or somebody wrote anew: refused, or usable."""

import json
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from reconciler import __version__
from reconciler.diagnostics import PLAIN, printable
from reconciler.manifests import from_json, load, to_json
from reconciler.planning import (
    Partial,
    Plan,
    PlanUnreadable,
    SavedPlan,
    Scope,
    moved_json,
    moved_since,
    plan_json,
    read_plan,
)
from reconciler.resources import Address, digest_of, indented, read_json
from reconciler.views import moved_lines, plan_text
from reconciler.workflows import Options, Stop, life_text, open_saved, read_saved, saved_view
from tests.fuzz.mutating import ANY_BYTES, ANY_JSON, mutated, mutated_text, often, text_of, tried
from tests.planning.documents import BASIS
from tests.views.scenes import PLANS

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
OPTIONS = Options(environ={}, now=lambda: NOW)


def saved_as(made: Plan) -> dict[str, Any]:
    """The document of a plan as the program saves it, manifests and all."""
    desired = load([EXAMPLE]).desired
    assert desired is not None
    basis = replace(
        BASIS,
        manifests=desired.digest,
        workspace_id=desired.workspace.spec.workspace_id,
        workspace_url="https://eu.dust.tt",
        tool_version=__version__,
    )
    allow = frozenset({"max-deletes"})
    whole = plan_json(made, basis=basis, desired=to_json(desired), mode="apply", allow=allow)
    found: dict[str, Any] = json.loads("".join(indented(whole)))
    return found


def part() -> Plan:
    """A part of a plan, with what it takes along and leaves out."""
    money, desk = Address("Space", "money"), Address("MCPServer", "desk")
    scope = Scope(targets=frozenset({desk}), excludes=frozenset({Address("Space", "old")}))
    partial = Partial(scope=scope, along=((money, desk),), left_out=((desk, money),), others=2)
    return replace(PLANS["every-action"](), partial=partial)


FRESH: dict[str, Plan] = {name: make() for name, make in {**PLANS, "part": part}.items()}
WHOLES = [saved_as(made) for made in FRESH.values()]
TEXTS = [json.dumps(whole) for whole in WHOLES]


def plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def is_whole(text: str) -> bool:
    """Whether nothing was changed after all."""
    try:
        return plain(read_json(text)) in map(plain, WHOLES)
    except ValueError:
        return False


@often(120)
@given(data=ANY_BYTES | mutated_text(TEXTS).map(lambda t: t.encode("utf-8", "surrogatepass")))
def test_what_is_no_plan_is_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.plan"
    path.write_bytes(data)
    found = tried(lambda: read_saved(path), Stop)
    assert isinstance(found, Stop) or is_whole(data.decode())


@often(120)
@given(value=ANY_JSON.map(text_of) | mutated(WHOLES).map(text_of))
def test_a_plan_that_was_changed_is_refused(value: str) -> None:
    found = tried(lambda: read_plan(value, name="any.plan"), PlanUnreadable)
    if isinstance(found, PlanUnreadable):
        assert "\n" not in found.message
        assert found.help
    else:
        assert is_whole(value)


def sealed(value: Any) -> str:
    """The text of a changed plan with digests that fit, as a forger would make it."""
    try:
        whole = read_json(text_of(value))
    except ValueError:
        return text_of(value)
    if not isinstance(whole, dict):
        return text_of(whole)
    with suppress(ValueError, KeyError, TypeError):  # of what is no manifest, there is no digest
        whole["basis"]["manifests"] = from_json(whole["desired"]).digest
    bare = {key: each for key, each in whole.items() if key != "digest"}
    return json.dumps({**bare, "digest": "sha256:" + digest_of(bare)})


def use(saved: SavedPlan) -> None:
    """Everything that is done with a plan before anything is asked of the workspace."""
    view = tried(lambda: saved_view(saved), Stop)
    if isinstance(view, Stop):  # what it wants isn't manifests
        assert printable(view.message) == view.message
        return
    told = plan_text(view, PLAIN) + life_text(saved.document["basis"])
    assert [line for line in told.split("\n") if printable(line) != line] == []
    for fresh in FRESH.values():
        moved = moved_since(saved, fresh, {})
        json.dumps([moved_json(item) for item in moved])
        moved_lines(moved)
    tried(lambda: open_saved(saved, OPTIONS, None), Stop)


def try_to_use(text: str, path: Path) -> bool:
    """Read and use a plan; whether it was taken for one."""
    path.write_text(text, "utf-8")
    saved = tried(lambda: read_saved(path), Stop)
    if isinstance(saved, Stop):
        assert printable(saved.message) == saved.message
        return False
    use(saved)
    return True


@often(250)
@given(value=mutated(WHOLES))
def test_a_plan_that_was_forged_is_refused_or_can_be_used(
    tmp_path_factory: pytest.TempPathFactory, value: Any
) -> None:
    try_to_use(sealed(value), tmp_path_factory.getbasetemp() / "forged.plan")


@pytest.mark.parametrize("whole", WHOLES, ids=FRESH)
def test_a_plan_that_nobody_changed_can_be_used(tmp_path: Path, whole: dict[str, Any]) -> None:
    assert sealed(whole) == json.dumps(whole)
    assert try_to_use(sealed(whole), tmp_path / "good.plan")
