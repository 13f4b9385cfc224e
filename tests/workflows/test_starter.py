"""The workflow that `init` writes names the commit that the tool itself is from."""

import json

import pytest

from reconciler.workflows.starter import filled_in
from tests.pipelines.test_workflows import STARTER

COMMIT = "c" * 40


def _origin(url: str, commit: str = COMMIT) -> str:
    return json.dumps({"url": url, "vcs_info": {"vcs": "git", "commit_id": commit}})


@pytest.mark.parametrize("end", ["", ".git", "/"])
def test_a_tool_from_github_is_named_with_its_commit(end: str) -> None:
    text = filled_in(STARTER.read_text("utf-8"), _origin(f"https://github.com/acme/tools{end}"))

    assert f"uses: acme/tools/.github/actions/reconcile@{COMMIT}\n" in text
    assert not [word for word in ("OWNER", "0" * 40, "zeros", "# Put") if word in text]


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "not json",
        "[]",
        json.dumps({"url": "file:///work/reconciler", "dir_info": {"editable": True}}),
        _origin("https://git.acme.example/acme/tools"),
        _origin("https://github.com/acme/tools: evil"),
        _origin("https://github.com/acme/tools", "main"),
    ],
)
def test_from_anywhere_else_it_is_to_be_filled_in(origin: str) -> None:
    text = STARTER.read_text("utf-8")
    assert filled_in(text, origin) == text
    assert "in the place of OWNER/reconciler" in text
