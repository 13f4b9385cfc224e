"""The gates: names of what holds a change back."""

from enum import StrEnum
from typing import Literal


class Gate(StrEnum):
    """A named refusal. Each gate is overridden, where it may be, by its own name."""

    PROTECTED = "protected"
    MAX_DELETES = "max-deletes"
    NAME_TAKEN = "name-taken"
    UNKNOWN_MEMBER = "unknown-member"
    UNKNOWN_GROUP = "unknown-group"
    INCOMPLETE_READ = "incomplete-read"
    SUSPICIOUS_READ = "suspicious-read"
    AMBIGUOUS = "ambiguous"
    DEPENDENCY = "dependency"
    CYCLE = "cycle"
    # transitions that a reviewer should have seen
    OPEN_SPACE = "open-space"
    COMPANY_WIDE = "company-wide"
    SHARED_CREDENTIALS = "shared-credentials"
    BEARER_IN_OPEN_SPACE = "bearer-in-open-space"
    WIDER_SCOPES = "wider-scopes"
    LOWER_STAKE = "lower-stake"
    ENABLE_HIGH_STAKE = "enable-high-stake"
    REMOVE_SELF = "remove-self"
    MIN_ADMINS = "min-admins"


Transition = Literal[
    "open-space",
    "company-wide",
    "shared-credentials",
    "bearer-in-open-space",
    "wider-scopes",
    "lower-stake",
    "enable-high-stake",
    "remove-self",
]
"""Gates that a workspace may leave open for good."""
