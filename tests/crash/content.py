"""What a workspace and a state hold, by name: two runs of the same are equal, ids or not."""

import json
import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from reconciler.sandbox.sealing import load_seal

_SPACES = """
SELECT sid, kind, name, is_restricted,
  (SELECT group_concat(email || ':' || is_editor, ', ') FROM (SELECT email, is_editor
     FROM space_member JOIN user ON user.id = user_id WHERE space_id = space.id ORDER BY email)),
  (SELECT group_concat(name || ':' || is_editor, ', ') FROM (SELECT people_group.name, is_editor
     FROM space_group JOIN people_group ON people_group.id = group_id
     WHERE space_id = space.id ORDER BY people_group.name))
FROM space
"""
_SERVERS = """
SELECT id, sid, kind, url, name, description, version, icon, tools, provider, scope,
  shared_secret, custom_headers, last_error FROM server
"""
_SEALED = {-3: "shared_secret", -2: "custom_headers"}
"""What is encrypted, by its place in the row."""
_VIEWS = """
SELECT space.name, view.name, description, oauth_use_case, oauth_scope, is_restricted_to_skills
FROM view JOIN space ON space.id = space_id WHERE server_id = ? ORDER BY space.id
"""
_TOOLS = """
SELECT tool_name, permission, enabled FROM tool_setting WHERE server_id = ? ORDER BY tool_name
"""
_CONNECTIONS = """
SELECT kind, auth_type, email, oauth_sid IS NOT NULL
FROM connection JOIN user ON user.id = user_id WHERE server_id = ? ORDER BY 1, 2, 3
"""


def names(data: Path) -> dict[str, str]:
    """What every id stands for."""
    with closing(sqlite3.connect(f"file:{data}?mode=ro", uri=True)) as db:
        return _names(db)


def content(data: Path) -> list[str]:
    """Everything in the data file of a sandbox that somebody can see, one text an object, sorted.

    Without ids and times, so that a duplicate is a second equal text. Sign-ins that nobody has
    finished are left out: no list of the workspace shows them.
    """
    with closing(sqlite3.connect(f"file:{data}?mode=ro", uri=True)) as db:
        found = [f"space {json.dumps(row[1:])}" for row in db.execute(_SPACES)]
        seal = load_seal(data, is_new=False)
        for key, sid, *facts in db.execute(_SERVERS).fetchall():
            for at, column in _SEALED.items():
                if facts[at] is not None:  # each time it is sealed it looks otherwise
                    facts[at] = seal.open(facts[at], f"{sid}/{column}")
            whole = {
                "facts": facts,
                "views": sorted(db.execute(_VIEWS, (key,)).fetchall()),
                "tools": db.execute(_TOOLS, (key,)).fetchall(),
                "connections": db.execute(_CONNECTIONS, (key,)).fetchall(),
            }
            found.append(f"server {json.dumps(whole, sort_keys=True)}")
        return sorted(found)


def owned(state: Path, data: Path) -> dict[str, Any]:
    """What the state says, with names for ids; nothing in it that differs from run to run."""
    known = names(data)
    document = json.loads(state.read_text("utf-8"))
    return {
        "resources": {
            address: {
                **{key: value for key, value in entry.items() if key not in _OTHERWISE},
                "remoteId": known.get(entry["remoteId"], f"nothing ({entry['remoteId']})"),
                "deposed": [known.get(each, each) for each in entry.get("deposed", ())],
                "fingerprints": sorted(entry.get("fingerprints", ())),
            }
            for address, entry in document["resources"].items()
        },
        "unfinished": document.get("unfinished", []),
        "consents": sorted(document.get("consents", ())),
    }


_OTHERWISE = ("remoteId", "deposed", "fingerprints")


def differences(found: Iterable[str], wanted: Iterable[str]) -> list[str]:
    """What is too much and what is missing."""
    extra, missing = list(found), []
    for each in wanted:
        if each in extra:
            extra.remove(each)
        else:
            missing.append(each)
    return [f"too much: {each}" for each in extra] + [f"missing: {each}" for each in missing]


def owned_differences(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """How two states differ."""
    ours, theirs = found["resources"], wanted["resources"]
    told = [
        f"{address} is {ours.get(address)}, and should be {theirs.get(address)}"
        for address in sorted(ours.keys() | theirs.keys())
        if ours.get(address) != theirs.get(address)
    ]
    told += [
        f"{part} is {found[part]}, and should be {wanted[part]}"
        for part in ("unfinished", "consents")
        if found[part] != wanted[part]
    ]
    return told


def _names(db: sqlite3.Connection) -> dict[str, str]:
    found = dict(db.execute("SELECT sid, kind || ' space ' || name FROM space").fetchall())
    found |= dict(
        db.execute(
            "SELECT server.sid, coalesce((SELECT view.name FROM view WHERE server_id = server.id"
            " AND view.name IS NOT NULL ORDER BY view.id LIMIT 1), server.name)"
            " || ' (' || server.name || ')' FROM server"
        ).fetchall()
    )
    views = db.execute(
        "SELECT view.sid, server.sid, space.name FROM view JOIN server ON server.id = server_id"
        " JOIN space ON space.id = space_id"
    ).fetchall()
    return found | {sid: f"{found[server]} in {space}" for sid, server, space in views}
