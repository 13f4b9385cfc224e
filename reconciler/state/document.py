"""State as text: versioned JSON without any secret, pretty-printed so that it can be diffed."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from reconciler.resources import KINDS, Address
from reconciler.state.failures import StateUnreadable
from reconciler.state.model import Consent, Entry, Intent, State

VERSION = 1
_SEPARATOR = "\x1f"


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

    version: Literal[1]
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


def entry_from_json(value: Any) -> Entry:
    """The entry that `value` describes; raises pydantic's ValidationError."""
    return _entry(_Entry.model_validate(value))


def intent_json(intent: Intent) -> dict[str, Any]:
    """One intent as JSON."""
    return {
        "address": str(intent.address),
        "operation": intent.operation,
        "known": sorted(intent.known),
        "match": dict(intent.match),
        "replaces": intent.replaces,
    }


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
    document = {
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
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def parse(text: str, *, name: str) -> State:
    """The state in `text`; raises StateUnreadable naming the file `name` and what is wrong."""
    try:
        raw = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StateUnreadable(name, f"it is not JSON ({error})") from None
    version = raw.get("version") if isinstance(raw, dict) else None
    if isinstance(version, int) and version > VERSION:
        raise StateUnreadable(name, f"it has version {version}, newer than this tool's {VERSION}")
    try:
        document = StateDocument.model_validate(raw)
        return _state(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise StateUnreadable(name, f"`{where}`: {first['msg']}") from None
    except ValueError as error:
        raise StateUnreadable(name, str(error)) from None


def address_of(text: str) -> Address:
    """The address that `text` is; raises ValueError, also for a kind of a later version."""
    address = Address.parse(text)
    if address.kind not in KINDS:
        raise ValueError(f"`{text}` is of a kind that this version doesn't know")
    return address


def _entry(entry: _Entry) -> Entry:
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
    )


def _state(document: StateDocument) -> State:
    entries = {address_of(text): _entry(entry) for text, entry in document.resources.items()}
    seen: dict[tuple[str, str], Address] = {}
    for address, entry in entries.items():
        other = seen.setdefault((address.kind, entry.remote_id), address)
        if other != address:
            raise ValueError(f"{address} and {other} claim the same object {entry.remote_id}")
    return State(
        provider=document.workspace.provider,
        workspace_id=document.workspace.id,
        lineage=document.lineage,
        serial=document.serial,
        entries=entries,
        unfinished=tuple(_intent(intent) for intent in document.unfinished),
        consents={address_of(text): _consent(c) for text, c in document.consents.items()},
    )
