"""Forges: where the repository is kept, and where a plan is discussed. One module each."""

from reconciler.forges.contract import (
    Deed,
    Draft,
    Forge,
    Issues,
    Limits,
    Merged,
    Note,
    Place,
    Published,
)
from reconciler.forges.failures import ForgeError, Refused, Unanswered, Uncertain
from reconciler.forges.github import GitHub
from reconciler.forges.gitlab import GitLab
from reconciler.forges.manners import Patience
from reconciler.forges.sticky import close, marker_of, upsert

__all__ = [
    "Deed",
    "Draft",
    "Forge",
    "ForgeError",
    "GitHub",
    "GitLab",
    "Issues",
    "Limits",
    "Merged",
    "Note",
    "Patience",
    "Place",
    "Published",
    "Refused",
    "Unanswered",
    "Uncertain",
    "close",
    "marker_of",
    "upsert",
]
