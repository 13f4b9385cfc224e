"""State: what we own and what we last applied, in a locked and journalled local file."""

from reconciler.state.accepting import accept
from reconciler.state.atomic import write_atomically
from reconciler.state.document import StateDocument, dump, parse
from reconciler.state.failures import (
    StateAltered,
    StateError,
    StateForeign,
    StateLocked,
    StateLost,
    StateUnreadable,
    StateUnwritable,
)
from reconciler.state.lease import Lease, Owner, lease_json
from reconciler.state.model import Consent, Entry, Intent, State
from reconciler.state.session import Session
from reconciler.state.store import FileStore

__all__ = [
    "Consent",
    "Entry",
    "FileStore",
    "Intent",
    "Lease",
    "Owner",
    "Session",
    "State",
    "StateAltered",
    "StateDocument",
    "StateError",
    "StateForeign",
    "StateLocked",
    "StateLost",
    "StateUnreadable",
    "StateUnwritable",
    "accept",
    "dump",
    "lease_json",
    "parse",
    "write_atomically",
]
