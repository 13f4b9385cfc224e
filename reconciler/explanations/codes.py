"""Every diagnostic code with its words; a code without them can't be released."""

from collections.abc import Mapping

from reconciler.diagnostics import Code
from reconciler.explanations.file_codes import FILE_CODES
from reconciler.explanations.gates import CODES_OF_GATES, GATES
from reconciler.explanations.model import Rule
from reconciler.explanations.outside_codes import OUTSIDE_CODES
from reconciler.explanations.set_codes import SET_CODES
from reconciler.explanations.shape_codes import SHAPE_CODES


def _of_gate(code: Code) -> Rule:
    hold = GATES[CODES_OF_GATES[code]]
    return Rule(means=hold.holds_back, todo=hold.ways_out, good=hold.good)


_WRITTEN = {**FILE_CODES, **SHAPE_CODES, **SET_CODES, **OUTSIDE_CODES}

RULES: Mapping[Code, Rule] = {
    code: _WRITTEN[code] if code in _WRITTEN else _of_gate(code) for code in Code
}
"""In the order of `Code`; those that only gates give have the gate's words."""
