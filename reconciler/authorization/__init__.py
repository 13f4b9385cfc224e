"""The OAuth client: who guards an MCP server, and the rules that keep asking it safe."""

from reconciler.authorization.challenge import Challenge, bearer_challenge
from reconciler.authorization.checks import Auth, Check, Level, Verdict
from reconciler.authorization.guard import Policy, Refused, shown, transport
from reconciler.authorization.metadata import Inquiry

__all__ = [
    "Auth",
    "Challenge",
    "Check",
    "Inquiry",
    "Level",
    "Policy",
    "Refused",
    "Verdict",
    "bearer_challenge",
    "shown",
    "transport",
]
