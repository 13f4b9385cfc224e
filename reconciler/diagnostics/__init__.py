"""Located messages as values, and how they read."""

from reconciler.diagnostics.codes import Code
from reconciler.diagnostics.model import Diagnostic, Diagnostics, Severity, Span
from reconciler.diagnostics.palette import PLAIN, Palette
from reconciler.diagnostics.render import (
    as_json,
    count,
    render_json,
    render_text,
)
from reconciler.diagnostics.showing import json_for_terminals, printable

__all__ = [
    "PLAIN",
    "Code",
    "Diagnostic",
    "Diagnostics",
    "Palette",
    "Severity",
    "Span",
    "as_json",
    "count",
    "json_for_terminals",
    "printable",
    "render_json",
    "render_text",
]
