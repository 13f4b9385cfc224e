"""State as text: versioned JSON without any secret, pretty-printed so that it can be diffed."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from reconciler.resources import KINDS, Address, digest_of, place_text, read_json
from reconciler.state.failures import StateAltered, StateMoved, StateUnreadable
from reconciler.state.model import Consent, Entry, Intent, State
from reconciler.state.sealing import Keys, is_sealed, unseal

VERSION = 2
"""Version 1 is the same without `checksum`, and is accepted by hand or not at all."""
_SEPARATOR = "\x1f"
_MOVED = "reconciler.moved-state/v1"


class _Document(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)


class _Entry(_Document):
    remote_id: Annotated[str, Field(min_length=1)]
    applied: dict[str, Any] = {}
    protect: bool = False
    fingerprints: dict[str, str] = {}
    deposed: list[str] = []
    formerly: list[str] = []


class _Intent(_Document):
    address: str
    operation: str
    known: list[str] = []
    match: dict[str, str] = {}
    replaces: str | None = None
    asked: int | None = None
    lost: int | None = None


class _Consent(_Document):
    connection: Annotated[str, Field(min_length=1)]
    provider: str
    url: str
    who: str
    since: str
    asked: str
    scopes: list[str] | None = None


class _Workspace(_Document):
    provider: str
    id: str


class StateDocument(_Document):
    """The file's shape (`schemas/state.schema.json`)."""

    version: Literal[1, 2]
    checksum: Annotated[
        str | None,
        Field(
            pattern=r"^sha256:[0-9a-f]{64}$",
            description="SHA-256 over the rest as canonical JSON; version 1 has none.",
        ),
    ] = None
    lineage: str
    serial: Annotated[int, Field(ge=0)]
    workspace: _Workspace
    resources: dict[str, _Entry] = {}
    unfinished: list[_Intent] = []
    consents: dict[str, _Consent] = {}


def entry_json(entry: Entry) -> dict[str, Any]:
    """One entry as JSON; empty parts are left out."""
    parts: dict[str, Any] = {"remoteId": entry.remote_id, "applied": entry.applied}
    if entry.protect:
        parts["protect"] = True
    if entry.fingerprints:
        parts["fingerprints"] = {
            _SEPARATOR.join(path): text for path, text in sorted(entry.fingerprints.items())
        }
    if entry.deposed:
        parts["deposed"] = list(entry.deposed)
    if entry.formerly:
        parts["formerly"] = list(entry.formerly)
    return parts


def entry_from_json(address: Address, value: Any) -> Entry:
    """The entry at `address` that `value` describes; raises ValidationError or ValueError."""
    return _entry(address, _Entry.model_validate(value))


def intent_json(intent: Intent) -> dict[str, Any]:
    """One intent as JSON."""
    parts: dict[str, Any] = {
        "address": str(intent.address),
        "operation": intent.operation,
        "known": sorted(intent.known),
        "match": dict(intent.match),
        "replaces": intent.replaces,
    }
    times = {"asked": intent.asked, "lost": intent.lost}
    return parts | {name: time for name, time in times.items() if time is not None}


def intent_from_json(value: Any) -> Intent:
    """The intent that `value` describes; raises ValidationError or ValueError."""
    return _intent(_Intent.model_validate(value))


def consent_json(consent: Consent) -> dict[str, Any]:
    """One sign-in that is waited for as JSON."""
    return {
        "connection": consent.connection,
        "provider": consent.provider,
        "url": consent.url,
        "who": consent.who,
        "since": consent.since,
        "asked": consent.asked,
        "scopes": None if consent.scopes is None else list(consent.scopes),
    }


def consent_from_json(value: Any) -> Consent:
    """The sign-in that `value` describes; raises pydantic's ValidationError."""
    return _consent(_Consent.model_validate(value))


def dump(state: State) -> str:
    """The text of the file; equal states give equal text."""
    document: dict[str, Any] = {
        "version": VERSION,
        "lineage": state.lineage,
        "serial": state.serial,
        "workspace": {"provider": state.provider, "id": state.workspace_id},
        "resources": {
            str(address): entry_json(entry) for address, entry in sorted(state.entries.items())
        },
    }
    if state.unfinished:
        document["unfinished"] = [intent_json(intent) for intent in state.unfinished]
    if state.consents:
        document["consents"] = {
            str(address): consent_json(consent)
            for address, consent in sorted(state.consents.items())
        }
    document["checksum"] = _checksum(document)
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def moved_text(state: State, *, to: str) -> str:
    """What is left where a state was before it was migrated; nobody can take it for a state."""
    document = {
        "format": _MOVED,
        "to": to,
        "lineage": state.lineage,
        "serial": state.serial,
        "workspace": {"provider": state.provider, "id": state.workspace_id},
    }
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def raw_json(text: str, *, name: str) -> Any:
    """What `text` is as JSON. Raises StateUnreadable, StateMoved when it says so."""
    try:
        raw = read_json(text)
    except ValueError as error:
        raise StateUnreadable(name, str(error)) from None
    if isinstance(raw, dict) and raw.get("format") == _MOVED:
        to, lineage, serial = (raw.get(key) for key in ("to", "lineage", "serial"))
        left = serial if isinstance(serial, int) else 0
        raise StateMoved(name, to=str(to), lineage=str(lineage), serial=left)
    return raw


def parse(text: str, *, name: str, sealed: bool = True) -> State:
    """The state in `text`; raises StateUnreadable naming the file `name` and what is wrong.

    Raises StateAltered when only its checksum doesn't fit or is missing, unless `sealed` is false;
    StateSealed for an encrypted one, StateMoved for what is left of one that was migrated.
    """
    raw = raw_json(text, name=name)
    if is_sealed(raw):
        unseal(text, Keys(), name=name)
    version = raw.get("version") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise StateUnreadable(name, f"it has version {version}, newer than this tool's {VERSION}")
    # Without its version it is altered like any other, and may be accepted like any other.
    shaped = {"version": VERSION, **raw} if isinstance(raw, dict) else raw
    try:
        document = StateDocument.model_validate(shaped)
        state = _state(document)
    except ValueError as error:
        raise StateUnreadable(name, fault_text(error)) from None
    if sealed:  # whatever version it says: the seal could be taken off together with that
        found, written = _checksum(raw), document.checksum or "missing"
        if found != written:
            raise StateAltered(name, found, written)
    return state


def fault_text(error: Exception) -> str:
    """What is wrong with a value, in a line: the first fault and where, without the value."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"`{place_text(first['loc'])}`: {first['msg']}"


def address_of(text: str) -> Address:
    """The address that `text` is; raises ValueError, also for a kind of a later version."""
    address = Address.parse(text)
    if address.kind not in KINDS:
        raise ValueError(f"`{text}` is of a kind that this version doesn't know")
    return address


def insist_on_one_owner(entries: Mapping[Address, Entry]) -> None:
    """Raise ValueError when two addresses claim the same object, a leftover included."""
    seen: dict[tuple[str, str], Address] = {}
    for address, entry in entries.items():
        for remote_id in (entry.remote_id, *entry.deposed):
            other = seen.setdefault((address.kind, remote_id), address)
            if other != address:
                claimed = place_text([remote_id])
                raise ValueError(f"{address} and {other} claim the same object {claimed}")


def _checksum(document: Mapping[str, Any]) -> str:
    return "sha256:" + digest_of({k: v for k, v in document.items() if k != "checksum"})


def _entry(address: Address, entry: _Entry) -> Entry:
    misfit = KINDS[address.kind].misfit(entry.applied)
    if misfit is not None:
        raise ValueError(
            f"`{place_text(misfit)}` of what was applied to {address} is no such value"
        )
    return Entry(
        remote_id=entry.remote_id,
        applied=entry.applied,
        protect=entry.protect,
        fingerprints={tuple(k.split(_SEPARATOR)): v for k, v in entry.fingerprints.items()},
        deposed=tuple(entry.deposed),
        formerly=tuple(entry.formerly),
    )


def _consent(consent: _Consent) -> Consent:
    scopes = None if consent.scopes is None else tuple(consent.scopes)
    return Consent(**{**consent.model_dump(), "scopes": scopes})


def _intent(intent: _Intent) -> Intent:
    return Intent(
        address=address_of(intent.address),
        operation=intent.operation,
        known=tuple(intent.known),
        match=intent.match,
        replaces=intent.replaces,
        asked=intent.asked,
        lost=intent.lost,
    )


def _state(document: StateDocument) -> State:
    entries = {
        (address := address_of(text)): _entry(address, entry)
        for text, entry in document.resources.items()
    }
    insist_on_one_owner(entries)
    return State(
        provider=document.workspace.provider,
        workspace_id=document.workspace.id,
        lineage=document.lineage,
        serial=document.serial,
        entries=entries,
        unfinished=tuple(_intent(intent) for intent in document.unfinished),
        consents={address_of(text): _consent(c) for text, c in document.consents.items()},
    )
