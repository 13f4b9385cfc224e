"""Manifests that were changed at random, or that are hostile by their size: values, or faults."""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import Code, render_json, render_text
from reconciler.manifests import Loaded, from_json, load, to_json
from reconciler.manifests.reading import read_documents
from tests.fuzz.mutating import mutated, often, text_of
from tests.fuzz.test_states import LIVE
from tests.manifests.corpus import GOOD, SERVER, SPACE, WORKSPACE
from tests.manifests.test_any_text import is_inside
from tests.parts.values import plan, state
from tests.planning.documents import document

EXAMPLES = Path(__file__).parents[2] / "examples"
SETS = {
    "good": GOOD,
    **{each.name: each for each in sorted(EXAMPLES.iterdir()) if each.name != "pipelines"},
}
WHOLES = [
    [
        each.value
        for path in sorted(folder.rglob("*.yaml"))
        for each in read_documents(path.name, path.read_bytes()).documents
    ]
    for folder in SETS.values()
]


def use(loaded: Loaded, data: bytes) -> None:
    """What is done with manifests before anything is asked of a workspace."""
    assert (loaded.desired is None) == bool(loaded.diagnostics.errors)
    render_text(loaded.diagnostics)
    json.dumps(render_json(loaded.diagnostics))
    assert [
        item for item in loaded.diagnostics if item.span and not is_inside(item.span, data)
    ] == []
    if loaded.desired is not None:
        saved = json.loads(json.dumps(to_json(loaded.desired)))
        assert from_json(saved).digest == loaded.desired.digest
        json.dumps(document(plan(loaded.desired.resources.values(), LIVE, state())))


def written(value: Any, style: str) -> str:
    """Documents as YAML; what is no JSON, or says a key twice, only as JSON writes it."""
    texts = [text_of(each) for each in value]
    if style == "json":
        return "\n---\n".join(texts)
    try:
        values = [json.loads(text, object_pairs_hook=_once) for text in texts]
        return str(
            yaml.safe_dump_all(values, default_flow_style=style == "flow", allow_unicode=True)
        )
    except (ValueError, RecursionError):
        return "\n---\n".join(texts)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError
    return dict(pairs)


@often(250)
@given(value=mutated(WHOLES), style=st.sampled_from(["block", "flow", "json"]))
def test_manifests_that_were_changed_give_values_or_faults(
    tmp_path_factory: pytest.TempPathFactory, value: Any, style: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    data = written(value, style).encode("utf-8", "surrogatepass")
    path.write_bytes(data)
    use(load([path]), data)


@pytest.mark.parametrize("whole", WHOLES, ids=SETS)
def test_manifests_that_nobody_changed_give_values(tmp_path: Path, whole: list[Any]) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(written(whole, "block"), "utf-8")
    loaded = load([path])
    assert {item.code for item in loaded.diagnostics.errors} <= {Code.MISSING_WORKSPACE}
    use(loaded, path.read_bytes())


def test_of_more_faults_than_anybody_reads_the_first_are_told_and_the_rest_counted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "any.yaml"
    path.write_text(counted(SPACE + "  members:\n", lambda i: f"    - nobody{i}\n", 1500))
    told = load([path]).diagnostics
    assert len(told) == 1001
    (rest,) = (item for item in told if item.code is Code.TOO_MANY_FAULTS)
    assert re.match(r"50\d more are not told", rest.message)


SIZE = 2**18


def full(head: str, unit: str, tail: str = "") -> str:
    """A large file: one unit again and again."""
    return head + unit * ((SIZE - len(head) - len(tail)) // len(unit)) + tail


def counted(head: str, unit: Callable[[int], str], number: int) -> str:
    """A file of so many units, each of which has its number in it."""
    return head + "".join(map(unit, range(number)))


LARGE = {
    "one-key": full("", "a: b\n"),
    "many-keys": counted("", lambda i: f"k{i}: 1\n", 20_000),
    "documents": full("", "--- x\n"),
    "flow-keys": full("{", "? x : y, ", "}"),
    "anchors": full("", "- &a x\n"),
    "aliases": full("- &a x\n", "- *a\n"),
    "nesting": full("", "["),
    "one-line": full("a: ", "x"),
    "escapes": full('a: "', "\\u0041", '"'),
    "nothing": "\x00" * SIZE,
    "tools": counted(SERVER + "  tools:\n", lambda i: f"    t{i}: {{stake: x}}\n", 10_000),
    "members": counted(SPACE + "  members:\n", lambda i: f"    - nobody{i}\n", 15_000),
    "spaces": full(SERVER + "  spaces: [", "nope, ", "]\n"),
    "twins": full("", f"---\n{SPACE}  access: open\n"),
    "workspaces": full("", f"---\n{WORKSPACE}"),
}


def test_no_large_file_takes_much_memory_or_time(tmp_path: Path) -> None:
    names = []
    for name, text in LARGE.items():
        names.append(tmp_path / f"{name}.yaml")
        names[-1].write_text(text)
    program = [sys.executable, "-m", "tests.fuzz.loading_program", "256", "100", *map(str, names)]
    done = subprocess.run(program, capture_output=True, text=True, timeout=170, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = {line.split(" ")[0]: line.split(" ")[1:] for line in done.stdout.splitlines()}
    assert told.keys() == LARGE.keys()
    assert all(0 < int(errors) <= 1001 for errors, _ in told.values())
    assert all(int(characters) < 2**20 for _, characters in told.values())
