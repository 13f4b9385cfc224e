"""`reconciler graph`: offline from manifests, or from a saved plan, with nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from reconciler.manifests import load, to_json
from reconciler.planning import plan_json
from reconciler.views.topology import topology_of
from reconciler.workflows import Stop, read_saved, saved_view, write_plan
from tests.parts.cli import run_anywhere
from tests.parts.values import plan, snapshot
from tests.planning.documents import BASIS

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme"


def _saved(folder: Path, **spoilt: Any) -> Path:
    """A plan that makes all of the example."""
    desired = load((EXAMPLE,)).desired
    assert desired is not None
    made = plan(desired.resources.values(), snapshot())
    path = folder / "all.plan"
    told = to_json(desired) | spoilt
    document = plan_json(made, basis=BASIS, desired=told, mode="apply", allow=frozenset())
    write_plan(document, path)
    return path


def test_manifests_are_drawn_without_any_workspace(tmp_path: Path) -> None:
    done = run_anywhere("graph", "-f", str(EXAMPLE), folder=tmp_path)
    assert done.code == 0
    assert done.out.startswith("flowchart LR\n")
    assert 'server_crm["CRM<br/>OAuth<br/>each person signs in<br/>tools: medium"]' in done.out


def test_a_saved_plan_is_drawn_with_what_it_changes(tmp_path: Path) -> None:
    path = _saved(tmp_path)
    done = run_anywhere("graph", "--plan", str(path), "--output", "json", folder=tmp_path)
    assert done.code == 0
    assert done.json["side"] == "diff"
    marks = {node["id"]: node["mark"] for node in done.json["nodes"]}
    assert marks == {
        "company": "same",
        "space:finance": "added",
        "space:support": "added",
        "server:crm": "added",
        "server:handbook": "added",
        "server:payments-ana": "added",
    }


def test_manifests_can_be_looked_at_in_one_html_file(tmp_path: Path) -> None:
    arguments = ("validate", "-f", str(EXAMPLE), "--report", "html=review/manifests.html")
    done = run_anywhere(*arguments, folder=tmp_path)
    assert done.code == 0
    page = (tmp_path / "review" / "manifests.html").read_text("utf-8")
    assert "<title>Manifests for acme</title>" in page
    assert '"title":"Payments (Ana)"' in page


def test_manifests_alone_have_no_before(tmp_path: Path) -> None:
    arguments = ("graph", "-f", str(EXAMPLE), "--before", "--output", "json")
    done = run_anywhere(*arguments, folder=tmp_path)
    assert done.code == 64
    assert "--before needs --plan" in done.json["message"]


def test_a_plan_whose_manifests_are_none_is_damaged(tmp_path: Path) -> None:
    saved = read_saved(_saved(tmp_path, resources={}))
    with pytest.raises(Stop, match="the plan is damaged"):
        saved_view(saved)


def test_the_plan_file_holds_all_that_is_drawn(tmp_path: Path) -> None:
    path = _saved(tmp_path)
    before = json.loads(path.read_text("utf-8"))
    graph = topology_of(saved_view(read_saved(path)))
    assert {node.name for node in graph.nodes if node.declared and node.name} == {
        change["address"] for change in before["changes"]
    }
