"""State: what we own and what we last applied, in a locked and journalled local file."""

from reconciler.state.document import StateDocument, dump, parse
from reconciler.state.failures import (
    StateError,
    StateForeign,
    StateLocked,
    StateUnreadable,
    StateUnwritable,
)
from reconciler.state.model import Consent, Entry, Intent, State
from reconciler.state.session import Session, write_atomically
from reconciler.state.store import FileStore

__all__ = [
    "Consent",
    "Entry",
    "FileStore",
    "Intent",
    "Session",
    "State",
    "StateDocument",
    "StateError",
    "StateForeign",
    "StateLocked",
    "StateUnreadable",
    "StateUnwritable",
    "dump",
    "parse",
    "write_atomically",
]
