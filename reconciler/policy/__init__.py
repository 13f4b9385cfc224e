"""Policy: an organisation's own rules, compiled once and held against values. Pure."""

from reconciler.policy.compiling import Policy, RuleFlaw, Verdict, compile_policy, flaws_of
from reconciler.policy.offences import allows, as_diagnostic, gate_name, offences
from reconciler.policy.verdicts import Failure, Flaw, Flawed

__all__ = [
    "Failure",
    "Flaw",
    "Flawed",
    "Policy",
    "RuleFlaw",
    "Verdict",
    "allows",
    "as_diagnostic",
    "compile_policy",
    "flaws_of",
    "gate_name",
    "offences",
]
