"""YAML that the tool writes is read back as the same values, whatever they are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.manifests.naming import Names, name_from, variable_from
from reconciler.manifests.reading import read_documents
from reconciler.manifests.yaml_text import comment, document
from reconciler.resources import is_resource_name

TEXTS = st.text(st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    [
        "yes",
        "No",
        "null",
        "~",
        "0o17",
        "1e5",
        "1_000",
        "2020-01-01",
        "a: b",
        "a #b",
        "- a",
        "!x",
        "x" * 200,
    ]
)
SCALARS = TEXTS | st.booleans() | st.integers(-9, 9) | st.none()
VALUES = st.recursive(
    SCALARS | st.lists(SCALARS, min_size=1, max_size=3),
    lambda inner: st.dictionaries(TEXTS.filter(bool), inner, min_size=1, max_size=3),
    max_leaves=8,
)


def read(text: str) -> Any:
    found = read_documents("x.yaml", text.encode())
    assert found.faults == []
    [one] = found.documents
    return one.value


@given(st.dictionaries(TEXTS.filter(bool), VALUES, min_size=1, max_size=4), st.data())
def test_what_is_written_is_read_back(value: dict[str, Any], data: st.DataObject) -> None:
    comments: dict[tuple[str, ...], list[str]] = {
        (key,): [data.draw(st.text(max_size=8))]
        for key in data.draw(st.sets(st.sampled_from([*value])))
    }
    comments[("not there",)] = ["  left: out"]
    assert read(document(value, comments)) == value


def test_plain_text_stays_plain_and_short_mappings_stay_on_a_line() -> None:
    value = {"url": "https://a.example/mcp?x=1", "name": "Sales EMEA", "ref": {"env": "A_TOKEN"}}
    assert document(value, {("name",): ["who", "else"]}) == (
        'url: "https://a.example/mcp?x=1"\n# who\n# else\nname: Sales EMEA\nref: {env: A_TOKEN}\n'
    )


def test_a_comment_is_one_line_whatever_is_in_it() -> None:
    assert comment("a\nkind: Space\x1b[2J\r b") == "# a kind: Space<U+001B>[2J b"


@given(st.text(max_size=90))
def test_every_title_makes_a_valid_name(title: str) -> None:
    assert is_resource_name(name_from(title, "server"))


@given(st.lists(st.text(max_size=70), max_size=8))
def test_names_are_unique_and_valid(titles: list[str]) -> None:
    names = Names(["server"])
    given_out = [names.give(name_from(title, "server")) for title in titles]
    assert len({"server", *given_out}) == len(titles) + 1
    assert all(is_resource_name(name) for name in given_out)


@pytest.mark.parametrize(
    ("title", "name"),
    [("Équipe №1", "equipe-no1"), ("Sales: EMEA & more", "sales-emea-more"), ("日本", "server")],
)
def test_names_are_what_a_person_would_choose(title: str, name: str) -> None:
    assert name_from(title, "server") == name


def test_variables_start_with_a_letter() -> None:
    assert variable_from("github", "X-Api-Key") == "GITHUB_X_API_KEY"
    assert variable_from("3scale", "mcp", "token") == "MCP_3SCALE_MCP_TOKEN"
