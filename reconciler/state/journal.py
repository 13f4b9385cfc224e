"""The journal of one apply: each intent before its call and each outcome after, flushed to disk.

It is a write-ahead log beside the state file, a JSON object a line. What it holds and the file
doesn't yet is folded in when state is loaded, so that a crash loses nothing.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import FileIO
from pathlib import Path
from typing import Any

from reconciler.resources import Address, read_json
from reconciler.state.atomic import remove, sync_folder
from reconciler.state.document import (
    address_of,
    consent_from_json,
    consent_json,
    entry_from_json,
    entry_json,
    fault_text,
    insist_on_one_owner,
    intent_from_json,
    intent_json,
)
from reconciler.state.failures import StateUnreadable, StateUnwritable
from reconciler.state.model import Consent, Entry, Intent, State

Event = Mapping[str, Any]
"""One line of a journal."""


def intent_event(intent: Intent) -> Event:
    """A call is about to be sent."""
    return {"event": "intent", **intent_json(intent)}


def outcome_event(address: Address, operation: str, outcome: str, note: str = "") -> Event:
    """A call was answered: `done`, `failed` (nothing happened) or `unknown`."""
    event = {"event": outcome, "address": str(address), "operation": operation}
    return event | ({"note": note} if note else {})


def entries_event(changed: Mapping[Address, Entry | None]) -> Event:
    """What we own at several addresses from now on; a crash leaves all of it or none."""
    values = {str(a): None if e is None else entry_json(e) for a, e in changed.items()}
    return {"event": "entries", "entries": values}


def consent_event(address: Address, consent: Consent | None) -> Event:
    """A sign-in is waited for at `address` from now on; None for no more."""
    value = None if consent is None else consent_json(consent)
    return {"event": "consent", "address": str(address), "consent": value}


class Journal:
    """Appends events; not thread-safe by itself (the session serialises).

    `check` raises StateLost when the state is another run's by now, and with it the file; `sync`
    makes a new file's name durable, as `sync_folder` does.
    """

    def __init__(
        self,
        path: Path,
        *,
        check: Callable[[], None],
        sync: Callable[[Path], None] = sync_folder,
    ) -> None:
        self._sync = sync
        self._path = path
        self._check = check
        self._file: FileIO | None = None
        self._torn = False
        self._header: Mapping[str, Any] = {}

    def begin(self, state: State, *, tool: str, at: str) -> None:
        """Start a run on top of `state`."""
        self._header = {"event": "begin", "tool": tool, "at": at}
        self._header |= {"lineage": state.lineage, "serial": state.serial}
        self._append()

    def note(self, event: Event) -> None:
        """Write an event down; returns when it is on the disk."""
        self._append(event)

    def restart(self, state: State) -> None:
        """Delete it: everything in it is in the file of `state`. What follows starts on that."""
        self._check()
        self.close()
        remove(self._path)
        self._header = {**self._header, "serial": state.serial}
        self._torn = False

    def close(self) -> None:
        """Write no more; what was written stays."""
        if self._file:
            self._file.close()
            self._file = None

    def _append(self, *events: Event) -> None:
        if self._torn:
            raise StateUnwritable(str(self._path), "an earlier line could not be written whole")
        self._check()
        try:
            new = self._file is None
            if self._file is None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = FileIO(self._path, "wb", opener=_no_link)
                events = (self._header, *events)
            lines = (json.dumps(event, ensure_ascii=False) + "\n" for event in events)
            left = memoryview("".join(lines).encode())
            while left:
                left = left[self._file.write(left) :]
            os.fsync(self._file.fileno())
            if new:
                self._sync(self._path.parent)
        except OSError as error:
            self._torn = True  # a line that followed one cut short would spoil both
            raise StateUnwritable(str(self._path), error.strerror or str(error)) from error


def _no_link(path: str, flags: int) -> int:
    """Open a file, not what a link of its name leads to."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o644)


def fold(state: State, text: str, *, name: str) -> State:
    """`state` with what the journal `text` adds: entries, and intents without an outcome.

    A last line that a crash cut short is dropped. An entry for an object that another address
    owns renames that. Folding in what the file already holds changes nothing, so a crash between
    writing the file and removing the journal does no harm. Raises StateUnreadable, also for a
    journal that was begun on another state.
    """
    folding = _Folding(state)
    lines = text.split("\n")
    lines.pop()  # empty after a complete last line, else a line cut short
    for number, line in enumerate(lines, start=1):
        try:
            event = read_json(line)
            if number == 1 and event["event"] != "begin":
                raise ValueError("it doesn't say on which state it was begun")
            folding.take(event)
        except KeyError as error:
            raise StateUnreadable(name, f"line {number} of its journal: no {error}") from None
        except (ValueError, TypeError, AttributeError) as error:
            why = fault_text(error) if isinstance(error, ValueError) else "it is not an event"
            raise StateUnreadable(name, f"line {number} of its journal: {why}") from None
    try:
        return folding.done()
    except ValueError as error:
        raise StateUnreadable(name, f"with its journal, {error}") from None


class _Folding:
    """A state while events are folded into it."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._entries = dict(state.entries)
        self._owners = state.owners()
        self._consents = dict(state.consents)
        self._open = {(i.address, i.operation): i for i in state.unfinished}

    def take(self, event: Event) -> None:
        """Fold in one event; raises ValueError, KeyError, TypeError, AttributeError."""
        match event["event"]:
            case "begin":
                self._begin(event["lineage"], event["serial"])
            case "entries":
                self._own(event["entries"])
            case "entry":
                self._own({event["address"]: event["entry"]})
            case "intent":
                self._intend(intent_from_json({k: v for k, v in event.items() if k != "event"}))
            case "done" | "failed":
                self._open.pop((address_of(event["address"]), event["operation"]), None)
            case "unknown":
                address_of(event["address"])
            case "consent":
                self._ask(address_of(event["address"]), event["consent"])
            case _:
                raise ValueError("it is an event that this version doesn't know")

    def done(self) -> State:
        """The state with all of them; raises ValueError when an object has two owners."""
        insist_on_one_owner(self._entries)
        return replace(
            self._state,
            entries=self._entries,
            unfinished=tuple(self._open.values()),
            consents=self._consents,
        )

    def _begin(self, lineage: object, serial: object) -> None:
        """A journal stands on the file beside it, or on the one before that.

        The latter is what a crash leaves between writing the file and removing the journal, whose
        events are in that file then.
        """
        here = self._state.serial
        if lineage != self._state.lineage or serial not in (here, here - 1):
            raise ValueError("it was begun on another state")

    def _intend(self, intent: Intent) -> None:
        """An address has one intent, the latest, as in the session that wrote it down."""
        others = {key: each for key, each in self._open.items() if key[0] != intent.address}
        self._open = {**others, (intent.address, intent.operation): intent}

    def _own(self, changed: Mapping[str, Any]) -> None:
        entries = {
            (address := address_of(text)): None
            if value is None
            else entry_from_json(address, value)
            for text, value in changed.items()
        }
        _fold_entries(self._entries, self._owners, entries)

    def _ask(self, address: Address, value: Any) -> None:
        if value is None:
            self._consents.pop(address, None)
        else:
            self._consents[address] = consent_from_json(value)


def _fold_entries(
    entries: dict[Address, Entry],
    owners: dict[tuple[str, str], Address],
    changed: Mapping[Address, Entry | None],
) -> None:
    """Set what is owned at some addresses. An object that another one owned was renamed."""
    for address, entry in changed.items():
        entries.pop(address, None)
        if entry is None:
            continue
        former = owners.get((address.kind, entry.remote_id), address)
        if former not in changed and _holds(entries.get(former), entry.remote_id):
            del entries[former]
    for address, entry in changed.items():
        if entry is not None:
            owners[address.kind, entry.remote_id] = address
            entries[address] = entry


def _holds(entry: Entry | None, remote_id: str) -> bool:
    return entry is not None and entry.remote_id == remote_id
