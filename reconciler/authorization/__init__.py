"""The OAuth client: who guards an MCP server, and the rules that keep asking it safe."""

from reconciler.authorization.authorizing import (
    AnswerRefused,
    authorization_url,
    code_in,
    scopes_to_ask,
)
from reconciler.authorization.challenge import Challenge, bearer_challenge
from reconciler.authorization.checks import Auth, Check, Level, Verdict
from reconciler.authorization.guard import (
    Observe,
    Policy,
    Refused,
    is_local,
    is_public,
    origin,
    shown,
    transport,
)
from reconciler.authorization.metadata import Inquiry
from reconciler.authorization.registration import (
    AUTH_METHODS,
    Registered,
    RegistrationFailure,
    register,
    unregister,
)
from reconciler.authorization.tokens import OAuthApp, TokenEndpoint, TokenFailure, Tokens

__all__ = [
    "AUTH_METHODS",
    "AnswerRefused",
    "Auth",
    "Challenge",
    "Check",
    "Inquiry",
    "Level",
    "OAuthApp",
    "Observe",
    "Policy",
    "Refused",
    "Registered",
    "RegistrationFailure",
    "TokenEndpoint",
    "TokenFailure",
    "Tokens",
    "Verdict",
    "authorization_url",
    "bearer_challenge",
    "code_in",
    "is_local",
    "is_public",
    "origin",
    "register",
    "scopes_to_ask",
    "shown",
    "transport",
    "unregister",
]
