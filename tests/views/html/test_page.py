"""The file around the data: nothing breaks out, nothing gets in, and it tells the review."""

import hashlib
import json
import re
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from reconciler.views import Review, review_of
from reconciler.views.html import html_report
from tests.parts.values import plan, server, snapshot, space
from tests.views.golden_files import assert_golden
from tests.views.html.scenes import hostile, lifelike, settled, stopped
from tests.views.reviews import huge
from tests.views.scenes import view
from tests.views.topology.scenes import HOSTILE

_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


def data_of(page: str) -> Any:
    """What is embedded in a page."""
    found = _DATA.search(page)
    assert found is not None
    return json.loads(found[1])


@pytest.mark.parametrize("make", [lifelike, stopped])
def test_the_data_is_as_agreed(make: Callable[[], Review]) -> None:
    text = json.dumps(data_of(html_report(make())), indent=1, ensure_ascii=False) + "\n"
    assert_golden(f"html/{make.__name__}.json", text)


def test_no_name_ends_the_element_that_it_is_in() -> None:
    page = html_report(hostile())
    assert page.count("</script>") == 2
    assert page.count("<script") == 2
    assert page.count("<!--") == 0
    titles = {change["title"] for change in data_of(page)["changes"]}
    assert titles == set(HOSTILE)


def test_a_name_that_looks_like_a_place_of_the_template_is_a_name() -> None:
    page = html_report(replace(settled(), workspace="{{data}} {{script}}"))
    assert data_of(page)["workspace"] == "{{data}} {{script}}"
    assert "<title>Plan for {{data}} {{script}}</title>" in page


def test_the_policy_allows_this_style_and_this_script_and_no_request() -> None:
    page = html_report(lifelike())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policy[1].split(";"))
    for element, name in (("style", "style-src"), ("script", "script-src")):
        inside = re.search(f"<{element}>(.*?)</{element}>", page, re.DOTALL)
        assert inside is not None
        digest = b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"
    assert rules["default-src"] == "'none'"
    assert not re.search(r"""(src|href)=["']?(https?:)?//|@import|url\(["']?(?!#)""", page)


def test_the_page_without_its_data_is_small() -> None:
    page = html_report(lifelike())
    assert len(_DATA.sub("", page).encode()) < 100_000


def test_a_page_that_would_be_too_large_tells_what_weighs_most_and_says_so() -> None:
    review = huge()
    data = data_of(html_report(review, largest=1200))
    changes = {change["address"]: change for change in data["changes"]}
    assert len(changes) == 1200
    assert data["headline"] == review.headline, "the counts are those of the whole"
    assert sum(change["refusal"] is not None for change in changes.values()) == len(review.refused)
    assert f"it shows 1200 of {len(review.changes)} changes" in data["notes"][0]
    assert list(changes) == [str(c.address) for c in review.changes if str(c.address) in changes]


def test_a_page_never_calls_unchanged_what_it_leaves_out() -> None:
    wanted = [space(f"z{n}") for n in range(9)]
    wanted += [server(f"a{n}", {"spaces": [f"z{n}"]}) for n in range(9)]
    review = review_of(view(plan(wanted, snapshot())))
    data = data_of(html_report(review, largest=2))
    shown = {change["address"] for change in data["changes"]}
    assert 2 <= len(shown) < 9
    assert data["untouched"] == []
    assert {node["mark"] for node in data["graph"]["nodes"]} == {"added"}
    for edge in data["graph"]["edges"]:
        assert {edge["source"], edge["target"]} <= {node["id"] for node in data["graph"]["nodes"]}


def test_equal_reviews_give_equal_files() -> None:
    assert html_report(lifelike()) == html_report(lifelike())
