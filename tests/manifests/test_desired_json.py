"""The desired set survives the way through JSON, and nothing else comes back from it."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifests import InvalidDesired, from_json, load, to_json
from reconciler.resources import ICONS, Desired
from tests.manifests.corpus import GOOD, WORKSPACE


def _good() -> Desired:
    desired = load([GOOD]).desired
    assert desired is not None
    return desired


_references = st.sampled_from(
    [
        {"env": "A"},
        {"file": "/run/x"},
        {"vault": "kv/a#b"},
        {"aws": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:prod/a-AbCdEf#b"},
        {"gcp": "projects/p/secrets/s/versions/3#b"},
        {"azure": "acme-tools/a/0123456789abcdef0123456789abcdef"},
        {"op": "op://My Vault/an item/a section/field"},
        {"sops": "a/b.enc.yaml#c.d"},
        {"plugin": "keeper:a b/c#d"},
    ]
)
_titles = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)
_settings = st.fixed_dictionaries(
    {},
    optional={
        "stake": st.sampled_from(["high", "medium", "low", "never_ask"]),
        "enabled": st.booleans(),
    },
)
_scopes = st.lists(st.sampled_from(["repo", "user", "read:org"]), unique=True)
_auth = st.one_of(
    st.just({"mode": "none"}),
    st.builds(lambda token: {"mode": "bearer", "token": token}, _references),
    st.builds(lambda scopes: {"mode": "automatic", "scopes": scopes}, _scopes),
)
_spec = st.fixed_dictionaries(
    {"url": st.sampled_from(["https://a.example/mcp", "http://127.0.0.1:1/"])},
    optional={
        "description": _titles,
        "icon": st.sampled_from(ICONS),
        "spaces": st.sampled_from([[], ["company"], ["finance"]]),
        "auth": _auth,
        "headers": st.dictionaries(st.sampled_from(["X-A", "X-B"]), _references),
        "tools": st.dictionaries(_titles, _settings, max_size=3),
    },
)


def _as_yaml(document: dict[str, Any]) -> str:
    # JSON's escapes in surrogate pairs are the one thing of JSON that YAML doesn't have.
    return json.dumps(document, ensure_ascii=False) + "\n"


_lifecycle = st.fixed_dictionaries(
    {},
    optional={
        "protect": st.booleans(),
        "ignoreChanges": st.lists(st.sampled_from(["icon", "tools", "auth.scopes"]), unique=True),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs=st.lists(st.tuples(_spec, _lifecycle), max_size=4))
def test_any_desired_set_comes_back_from_json_as_it_was(
    tmp_path: Path, specs: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    finance = {"apiVersion": "reconciler/v1", "kind": "Space", "metadata": {"name": "finance"}}
    documents: list[dict[str, Any]] = [{**finance, "spec": {}}]
    for number, (spec, lifecycle) in enumerate(specs):
        documents.append(
            {
                "apiVersion": "reconciler/v1",
                "kind": "MCPServer",
                "metadata": {"name": f"s{number}", "previously": [f"old{number}"]},
                "lifecycle": lifecycle,
                "spec": spec,
            }
        )
    path = tmp_path / "a.yaml"
    path.write_text("---\n".join([WORKSPACE, *map(_as_yaml, documents)]))
    loaded = load([path])
    assert loaded.desired is not None, loaded.diagnostics
    text = json.dumps(to_json(loaded.desired))
    assert from_json(json.loads(text)) == loaded.desired


def test_the_digest_is_that_of_the_values_and_not_of_the_root() -> None:
    document = to_json(_good())
    moved = from_json({**document, "root": "/elsewhere"})
    assert moved.workspace.root == "/elsewhere"
    assert moved.digest == _good().digest


def _edited(*path: Any, value: Any) -> Any:
    document = json.loads(json.dumps(to_json(_good())))
    place = document
    for segment in path[:-1]:
        place = place[segment]
    place[path[-1]] = value
    return document


_REFUSED = {
    "nothing": None,
    "a list": [],
    "an empty mapping": {},
    "another field": _edited("more", value=1),
    "no workspace": _edited("workspace", value=None),
    "another workspace": _edited("workspace", value=_edited("root", value="")["resources"][0]),
    "a second workspace": _edited("resources", 0, value=_edited("root", value="")["workspace"]),
    "resources that are none": _edited("resources", value={}),
    "a number for the root": _edited("root", value=1),
    "an unknown field": _edited("resources", 0, "spec", "more", value=1),
    "a null": _edited("resources", 0, "spec", "url", value=None),
    "a literal secret": _edited(
        "resources", 2, "spec", "auth", value={"mode": "bearer", "token": "CANARY"}
    ),
    "a dangling reference": _edited("resources", 0, "spec", "spaces", value=["nope"]),
    "a second one of an address": _edited(
        "resources", 0, value=_edited("root", value="")["resources"][1]
    ),
}


@pytest.mark.parametrize("name", _REFUSED)
def test_anything_else_is_refused_with_a_typed_error(name: str) -> None:
    with pytest.raises(InvalidDesired) as caught:
        from_json(_REFUSED[name])
    assert "CANARY" not in str(caught.value)


def test_what_nests_too_deep_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    document = to_json(_good())
    with pytest.raises(InvalidDesired):
        from_json({**document, "resources": [{"apiVersion": "x", "kind": "Space", "spec": deep}]})


def test_reading_changes_nothing_in_the_document() -> None:
    document = to_json(_good())
    before = copy.deepcopy(document)
    from_json(document)
    assert document == before
