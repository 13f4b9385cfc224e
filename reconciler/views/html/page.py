"""The page around the data: template, styles and scripts in one file that lets nothing else in."""

import hashlib
import html
import json
import re
from base64 import b64encode
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from reconciler.views.ending import Ending
from reconciler.views.html.cutting import LARGEST, cut_to_page
from reconciler.views.html.ending_data import ending_data
from reconciler.views.html.review_data import review_data
from reconciler.views.review import Review

_SCRIPTS = (
    "dom.js",
    "values.js",
    "change_rows.js",
    "changes.js",
    "matters.js",
    "graph_layout.js",
    "graph_drawing.js",
    "graph_telling.js",
    "graph.js",
    "keys.js",
    "page.js",
)
# As JSON these mean the same in any spelling; as HTML they could end the element, or hide its end.
_ESCAPED = "<>&\u2028\u2029"


def html_report(review: Review, *, largest: int = LARGEST) -> str:
    """The whole file; equal reviews give equal files. Of lists longer than `largest`, which a
    browser can't bear, it tells that many, and says so.

    Everything that isn't ours is in one JSON element, which the script writes out as text. The
    Content-Security-Policy names the style and the script by their hashes, and allows no request.
    """
    return _page(review_data(cut_to_page(review, largest)))


def ending_html(ending: Ending, *, largest: int = LARGEST) -> str:
    """The same for the end of an apply: what became of each change."""
    return _page(ending_data(ending, largest))


def _page(data: Mapping[str, Any]) -> str:
    style, script = _style(), _script()
    noun, workspace = data["noun"], data["workspace"]
    heading = f"{noun} for {workspace}" if workspace else noun
    parts = {
        "policy": _policy(style, script),
        "title": html.escape(heading),
        "headline": html.escape(data["headline"]),
        "style": style,
        "script": script,
        "data": _embedded(data),
    }
    # In one pass: what a part holds is never taken for a placeholder.
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match.group(1)], _asset("report.html"))


def _embedded(data: Any) -> str:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for char in _ESCAPED:
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _policy(style: str, script: str) -> str:
    return (
        f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "img-src data:; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(text: str) -> str:
    digest = b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


@cache
def _asset(name: str) -> str:
    """A file of this package: a part of the program, like its code."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _style() -> str:
    return _asset("report.css")


def _script() -> str:
    body = "\n".join(_asset(name) for name in _SCRIPTS)
    return f'"use strict";\n(() => {{\n{body}\n}})();\n'
