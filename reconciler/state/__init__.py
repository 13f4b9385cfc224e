"""State: what we own and what we last applied, in a local file or a store that others share."""

from reconciler.state.accepting import accept
from reconciler.state.atomic import replace_file, write_atomically
from reconciler.state.contract import Store
from reconciler.state.document import StateDocument, dump, parse, raw_json
from reconciler.state.failures import (
    StateAltered,
    StateError,
    StateForeign,
    StateLocked,
    StateLost,
    StateMoved,
    StateRolledBack,
    StateSealed,
    StateUnreachable,
    StateUnreadable,
    StateUnsealed,
    StateUnwritable,
)
from reconciler.state.lease import Lease, Owner, lease_json
from reconciler.state.model import Consent, Entry, Intent, State
from reconciler.state.record import HeldRecord, SealedRecord
from reconciler.state.sealing import (
    Keys,
    Label,
    SealedDocument,
    check_key,
    is_sealed,
    seal,
    unseal,
)
from reconciler.state.session import Session
from reconciler.state.shared import SharedStore
from reconciler.state.shelf import LIMIT, Concealed, Credentials, Found, Held, Shelf
from reconciler.state.store import FileStore, journal_of
from reconciler.state.stores import Opening, Tries, shelf_at
from reconciler.state.stores.files import FileShelf
from reconciler.state.user_folder import user_folder
from reconciler.state.witness import Witness

__all__ = [
    "LIMIT",
    "Concealed",
    "Consent",
    "Credentials",
    "Entry",
    "FileShelf",
    "FileStore",
    "Found",
    "Held",
    "HeldRecord",
    "Intent",
    "Keys",
    "Label",
    "Lease",
    "Opening",
    "Owner",
    "SealedDocument",
    "SealedRecord",
    "Session",
    "SharedStore",
    "Shelf",
    "State",
    "StateAltered",
    "StateDocument",
    "StateError",
    "StateForeign",
    "StateLocked",
    "StateLost",
    "StateMoved",
    "StateRolledBack",
    "StateSealed",
    "StateUnreachable",
    "StateUnreadable",
    "StateUnsealed",
    "StateUnwritable",
    "Store",
    "Tries",
    "Witness",
    "accept",
    "check_key",
    "dump",
    "is_sealed",
    "journal_of",
    "lease_json",
    "parse",
    "raw_json",
    "replace_file",
    "seal",
    "shelf_at",
    "unseal",
    "user_folder",
    "write_atomically",
]
