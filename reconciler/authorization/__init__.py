"""The OAuth client: who guards an MCP server, and the rules that keep asking it safe."""

from reconciler.authorization.challenge import Challenge, bearer_challenge
from reconciler.authorization.checks import Auth, Check, Level, Verdict
from reconciler.authorization.guard import Policy, Refused, shown, transport
from reconciler.authorization.metadata import Inquiry
from reconciler.authorization.registration import (
    Application,
    NotRegistered,
    NotRemoved,
    Registered,
    register,
    remove,
)

__all__ = [
    "Application",
    "Auth",
    "Challenge",
    "Check",
    "Inquiry",
    "Level",
    "NotRegistered",
    "NotRemoved",
    "Policy",
    "Refused",
    "Registered",
    "Verdict",
    "bearer_challenge",
    "register",
    "remove",
    "shown",
    "transport",
]
