"""CEL expressions: compiled with types checked, evaluated within bounds. The one importer of CEL.

The engine is the CEL project's own, in C++ (`cel-expr-python`). It bounds the depth of nesting,
counts iterations over all macros together, and matches regular expressions in linear time (RE2);
`cost` bounds what iterations build.
"""

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from reconciler.diagnostics import Code
from reconciler.policy.cost import excess
from reconciler.policy.verdicts import Bindings, Failure, Flaw, Flawed, Test, shortened

if TYPE_CHECKING:
    from cel_expr_python import cel

AT = ("cel",)
VARIABLES = {"resource": ("resource",), "change": ("change", "resource", "live")}
"""The variables that a rule knows, by what it is on."""

_ERROR = re.compile(r"ERROR: <input>:(-?\d+):(-?\d+): (.*)")
_STATUS = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+\]\s*$")
_FAILS = (RuntimeError, TypeError, ValueError, OverflowError, SystemError)
"""What the engine raises for expressions and values that it doesn't take."""


def compile_expression(text: str, on: str) -> Test:
    """A test that holds when `text` is true; raises Flawed."""
    if too_much := excess(text):
        line, column = _point(text, too_much.index)
        raise Flawed(
            Flaw(
                at=AT,
                code=Code.POLICY_EXPRESSION,
                message=too_much.message,
                line=line,
                column=column,
                help=(too_much.help,),
            )
        )
    program = _program(text, on)

    def test(bindings: Bindings) -> Failure | None:
        return _evaluate(program, bindings)

    return test


@lru_cache(maxsize=512)
def _program(text: str, on: str) -> "cel.Expression":
    try:
        from cel_expr_python import cel
    except ImportError:
        raise Flawed(
            Flaw(
                at=AT,
                code=Code.POLICY_UNAVAILABLE,
                message="CEL isn't installed here, so this rule can't be held against anything",
                notes=("rules with `schema` need nothing more",),
                help=("install the extra: `pip install 'reconciler[policy]'`",),
            )
        ) from None
    types = dict.fromkeys(VARIABLES[on], cel.Type.DYN)
    types[on] = cel.Type.Map(cel.Type.STRING, cel.Type.DYN)
    try:
        program = cel.NewEnv(variables=types).compile(text)
        returned = program.return_type()
    except _FAILS as error:
        raise Flawed(_rejected(str(error), on)) from None
    if returned not in (cel.Type.BOOL, cel.Type.DYN):
        raise Flawed(
            Flaw(
                at=AT,
                code=Code.POLICY_EXPRESSION,
                message=f"a rule must be true or false, this is {returned.name().lower()}",
                help=("compare it with something",),
            )
        )
    return program


def _rejected(told: str, on: str) -> Flaw:
    found = _ERROR.search(told)
    words = found[3] if found else told if told.isprintable() else "this is not an expression"
    words = _STATUS.sub("", words).split(" expecting {")[0].split(" (in container")[0]
    line, column = (int(found[1]), int(found[2])) if found else (-1, -1)
    known = [f"`{name}`" for name in VARIABLES[on]]
    return Flaw(
        at=AT,
        code=Code.POLICY_EXPRESSION,
        message=f"not a CEL expression: {_lowered(shortened(words))}",
        line=line if line > 0 else None,
        column=column if line > 0 and column > 0 else None,
        notes=(f"a rule on a {on} knows {', '.join(known)}",) if "undeclared" in words else (),
        help=("see https://cel.dev for the language",),
    )


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _evaluate(program: "cel.Expression", bindings: Bindings) -> Failure | None:
    try:
        result = program.eval(data=dict(bindings))
        kind, value = result.type().name(), result.value()
    except _FAILS as error:
        return _error(str(error))
    if value is True:
        return None
    if value is False:
        return Failure()
    if kind.upper() in ("ERROR", "*ERROR*"):
        return _error(str(value))
    return _error(f"it is {kind.lower()}, not true or false")


def _error(told: str) -> Failure:
    words = _STATUS.sub("", told) or "no reason given"
    return Failure(why=_lowered(shortened(words)), error=True)


def _point(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, index - (before.rfind("\n") + 1) + 1
