"""The order of files, documents and keys, and how a value is written, never matter."""

import json
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import render_json
from reconciler.manifests import load
from tests.manifests.corpus import ALL, GOOD, Case, beside

_DOCUMENTS: list[dict[str, Any]] = [
    document
    for path in sorted(GOOD.glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text())
]
_relaxed = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


def _shuffled(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, dict):
        keys = data.draw(st.permutations(list(value)))
        return {key: _shuffled(value[key], data) for key in keys}
    return value


def _write(folder: Path, documents: list[Any], data: st.DataObject) -> list[Path]:
    for old in folder.glob("*.yaml"):
        old.unlink()
    number = data.draw(st.integers(1, 4))
    piles: list[list[str]] = [[] for _ in range(number)]
    for document in documents:
        style = data.draw(st.sampled_from([None, True, False]))
        text = yaml.safe_dump(document, default_flow_style=style, sort_keys=False)
        if data.draw(st.booleans()):
            text = json.dumps(document, indent=data.draw(st.sampled_from([None, 2]))) + "\n"
        piles[data.draw(st.integers(0, number - 1))].append(text)
    names = data.draw(st.permutations(["a", "b", "c", "d"]))
    paths = []
    for name, pile in zip(names, piles, strict=False):
        path = folder / f"{name}.yaml"
        path.write_text("# a comment\n---\n" + "---\n".join(pile))
        paths.append(path)
    return paths


@_relaxed
@given(data=st.data())
def test_shuffled_manifests_are_the_same_desired_set(tmp_path: Path, data: st.DataObject) -> None:
    expected = load([GOOD]).desired
    documents = [_shuffled(d, data) for d in data.draw(st.permutations(_DOCUMENTS))]
    paths = _write(tmp_path, documents, data)
    desired = load(data.draw(st.permutations(paths))).desired
    assert desired is not None
    assert expected is not None
    assert desired.digest == expected.digest
    assert desired.resources == expected.resources
    assert list(desired.resources) == list(expected.resources)
    assert desired.workspace.spec == expected.workspace.spec


@_relaxed
@given(data=st.data(), case=st.sampled_from([case for case in ALL if len(case.text) < 10_000]))
def test_the_order_of_paths_never_changes_the_messages(
    tmp_path: Path, data: st.DataObject, case: Case
) -> None:
    paths = [tmp_path / "a.yaml", tmp_path / "b.yaml", tmp_path / "c.yaml"]
    for path, text in zip(paths, (case.text, beside(case), case.text), strict=True):
        path.write_text(text)
    expected = render_json(load(paths).diagnostics)
    assert expected
    assert render_json(load(data.draw(st.permutations(paths))).diagnostics) == expected
    assert render_json(load([tmp_path]).diagnostics) == expected


def test_a_changed_value_changes_the_digest(tmp_path: Path) -> None:
    for path in GOOD.glob("*.yaml"):
        text = path.read_text().replace("Issues and pull requests", "Issues")
        (tmp_path / path.name).write_text(text)
    changed, before = load([tmp_path]).desired, load([GOOD]).desired
    assert changed is not None
    assert before is not None
    assert changed.digest != before.digest


def test_a_default_that_is_written_out_changes_nothing(tmp_path: Path) -> None:
    for path in GOOD.glob("*.yaml"):
        text = path.read_text().replace(
            "metadata: {name: engineering}\nspec: {}",
            "metadata: {name: engineering, previously: []}\n"
            "lifecycle: {protect: false}\nspec: {displayName: engineering}",
        )
        (tmp_path / path.name).write_text(text)
    same, before = load([tmp_path]).desired, load([GOOD]).desired
    assert same is not None
    assert before is not None
    assert same.digest == before.digest
