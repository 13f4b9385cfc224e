"""Any bytes give values or diagnostics, never an exception, and spans lie inside their file."""

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from reconciler.diagnostics import Span, render_json, render_text
from reconciler.manifests import load
from tests.manifests.corpus import ALL, FINANCE, OAUTH, SERVER, WORKSPACE

_PIECES = (
    *WORKSPACE.splitlines(keepends=True),
    *(SERVER + OAUTH).splitlines(keepends=True),
    *FINANCE.splitlines(keepends=True),
    *[
        "a: ",
        "[ ]",
        "{ }",
        "- ",
        "? ",
        ": ",
        ", ",
        "\n",
        "  ",
        "    ",
        "\t",
        "\r",
        "\r\n",
        "&a ",
        "*a ",
        "<<: ",
        "!x ",
        "!!str ",
        "'",
        '"',
        "#",
        "---\n",
        "...\n",
    ],
    *[
        "",
        "\n",
        ">-\n  ",
        "%YAML 1.2\n",
        "é",
        "🎉",
        "\x85",
        "\u2028",
        "\ufeff",
        "\x00",
        "@",
        "`",
        "null",
        "~",
        "1e999",
        "0x1F",
        ".nan",
        "[[[[",
    ],
    *[
        "spec:\n",
        "auth: ",
        "mode: ",
        "bearer",
        "headers: ",
        "tools: ",
        "spaces: ",
        "members: ",
        "[]",
        "{}",
        "url: https://",
    ],
)
_yaml_like = st.lists(st.sampled_from(_PIECES), max_size=40).map("".join)
_bytes = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")),
    _yaml_like.map(str.encode),
)


def is_inside(span: Span, data: bytes) -> bool:
    """Whether a span lies in the text of its file."""
    try:
        lines = re.split(r"\r\n|\n|\r", data.removeprefix(b"\xef\xbb\xbf").decode())
    except UnicodeDecodeError:
        return span.line <= data.count(b"\n") + 1
    start, end = (span.line, span.column), (span.end_line, span.end_column)
    return (
        (1, 1) <= start <= end
        and span.end_line <= len(lines)
        and span.column <= len(lines[span.line - 1]) + 1
        and span.end_column <= len(lines[span.end_line - 1]) + 1
        and (span.excerpt is None or lines[span.line - 1].startswith(span.excerpt))
    )


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=_bytes)
@example(data=b"[" * 100_000)
@example(data=b"{a: " * 30_000)
@example(data=b"? " * 30_000)
@example(data=b"a: &a\n  b: *a\n")
@example(data=b"- &a\n- *a\n")
@example(data=b"? *a\n: 1\n")
@example(data=b"&a a: *a\n*a : 2\n")
@example(data=b"kind: Space\napiVersion: reconciler/v1\nmetadata:\n  name: [x]\nspec: 1\n")
def test_any_bytes_give_values_or_diagnostics(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "any.yaml"
    path.write_bytes(data)
    loaded = load([path])
    assert (loaded.desired is None) == bool(loaded.diagnostics.errors)
    render_text(loaded.diagnostics)
    render_json(loaded.diagnostics)
    spans = [item.span for item in loaded.diagnostics if item.span]
    assert all(is_inside(span, data) for span in spans)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_edit_of_a_good_file_gives_values_or_diagnostics(
    tmp_path: Path, data: st.DataObject
) -> None:
    text = f"{WORKSPACE}---\n{FINANCE}---\n{SERVER}{OAUTH}"
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 12))
    put = data.draw(st.sampled_from(_PIECES) | st.text(max_size=4))
    edited = (text[:at] + put + text[at + cut :]).encode("utf-8", "replace")
    path = tmp_path / "any.yaml"
    path.write_bytes(edited)
    loaded = load([path])
    assert (loaded.desired is None) == bool(loaded.diagnostics.errors)
    assert all(is_inside(item.span, edited) for item in loaded.diagnostics if item.span)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_file_that_ends_early_gives_diagnostics(case: object, tmp_path: Path) -> None:
    text = getattr(case, "text", "")
    path = tmp_path / "any.yaml"
    for end in range(0, min(len(text), 400), 7):
        path.write_text(text[:end])
        spans = [item.span for item in load([path]).diagnostics if item.span]
        assert all(is_inside(span, text[:end].encode()) for span in spans)
