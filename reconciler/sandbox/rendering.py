"""Turns the overview into HTML; everything that came from outside is escaped here."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from reconciler.diagnostics import json_for_terminals, printable
from reconciler.sandbox.overview import NO_AUTH
from reconciler.sandbox.records import SpaceKind

SERVERS_SHOWN = 200
CHIPS_SHOWN = 12
_STAKE_WORDS = {"never_ask": "never ask", "low": "low", "medium": "medium", "high": "high"}
_KIND_WORDS = {SpaceKind.GLOBAL: "whole company", SpaceKind.PROJECT: "project"}
_WRITES = ("POST", "PATCH", "DELETE", "PUT")

Json = Mapping[str, Any]


def render_nav(workspaces: Sequence[Json]) -> str:
    """Links to the workspaces; nothing when there is one."""
    if len(workspaces) < 2:
        return ""
    links = "".join(
        f'<li><a href="#w-{_e(each["sId"])}">{_e(each["name"])}</a></li>' for each in workspaces
    )
    return f'<nav aria-label="Workspaces"><ul>{links}</ul></nav>'


def render_workspaces(workspaces: Sequence[Json]) -> str:
    """All workspaces."""
    return "".join(_workspace(workspace) for workspace in workspaces)


def _workspace(workspace: Json) -> str:
    spaces = "".join(_space(space) for space in workspace["spaces"])
    nowhere = ""
    if workspace["inNoSpace"]:
        nowhere = (
            '<section class="space loose"><header><h3>In no space</h3>'
            '<p class="facts">installed, but nobody can use them yet</p></header>'
            f"{_boxes(workspace['inNoSpace'])}</section>"
        )
    regular = sum(space["kind"] != SpaceKind.GLOBAL for space in workspace["spaces"])
    facts = ", ".join(
        [
            _count(regular, "space"),
            _count(workspace["servers"], "server"),
            _count(workspace["members"], "member"),
        ]
    )
    return (
        f'<section class="workspace" id="w-{_e(workspace["sId"])}">'
        f"<header><h2>{_e(workspace['name'])}</h2>"
        f'<p class="facts">{facts} · <code>{_e(workspace["sId"])}</code></p></header>'
        f"{_waiting(workspace['waiting'])}{spaces}{nowhere}</section>"
    )


def _waiting(consents: Sequence[Json]) -> str:
    """Consents that somebody still has to give."""
    if not consents:
        return ""
    lines = "".join(
        f"<li>{_e(each['who'])}{' for themselves' if each['isPersonal'] else ''},"
        f" {_e(each['mode'])} at <code>{_e(each['where'] or 'nowhere')}</code>"
        f"{_scopes(each['scopes'])}</li>"
        for each in consents
    )
    return (
        '<section class="space loose"><header><h3>Waiting for consent</h3>'
        f'<p class="facts">begun, but not finished</p></header><ul class="facts">{lines}</ul>'
        "</section>"
    )


def _scopes(scopes: Sequence[str]) -> str:
    return f", scopes <code>{_e(' '.join(scopes))}</code>" if scopes else ""


def _connection(connection: Json | None) -> str:
    """Who connected a server and with which scopes."""
    if connection is None:
        return ""
    if connection["isWaiting"]:
        return '<p><span class="badge sick">waits for the workspace\'s consent</span></p>'
    personal = ""
    if connection["personal"]:
        personal = f", {_count(connection['personal'], 'personal connection')}"
    return f"<p>connected by {_e(connection['by'])}{_scopes(connection['scopes'])}{personal}</p>"


def _space(space: Json) -> str:
    kind = _KIND_WORDS.get(SpaceKind(space["kind"]))
    badges = f'<span class="badge {_e(space["access"])}">{_e(space["access"])}</span>'
    if kind:
        badges += f'<span class="badge">{_e(kind)}</span>'
    who = ["everyone"] if space["access"] == "open" else []
    if space["members"] or not who:
        who.append(_count(space["members"], "member"))
    who += [_e(group) for group in space["groups"]]
    facts = f'<p class="facts">{" · ".join(who)}</p>'
    return (
        f'<section class="space"><header><h3>{_e(space["name"])}</h3>'
        f"<p>{badges}</p>{facts}</header>{_boxes(space['tools'])}</section>"
    )


def _boxes(boxes: Sequence[Json]) -> str:
    ours = [box for box in boxes if box["availability"] == "manual"]
    built_in = [box for box in boxes if box["availability"] != "manual"]
    if not ours:
        body = '<p class="empty">No tools here.</p>'
    else:
        body = f'<ul class="boxes">{"".join(_box(box) for box in ours[:SERVERS_SHOWN])}</ul>'
    if len(ours) > SERVERS_SHOWN:
        body += f'<p class="facts">and {len(ours) - SERVERS_SHOWN} more</p>'
    if built_in:
        names = ", ".join(_e(box["name"]) for box in built_in)
        body += f'<p class="facts">Built in, managed by Dust: {names}</p>'
    return body


def _box(box: Json) -> str:
    auth = _e(box["auth"])
    if box["credentials"] == "personal_actions":
        auth += ", personal"
    if box["headers"]:
        headers = _count(len(box["headers"]), "header")
        auth = headers if box["auth"] == NO_AUTH else f"{auth} + {headers}"
    sick = "" if box["isHealthy"] else '<span class="badge sick">last sync failed</span>'
    url = f'<p class="url">{_e(box["url"])}</p>' if box["url"] else ""
    about = f"<p>{_e(box['description'])}</p>" if box["description"] else ""
    return (
        f'<li class="box"><div class="title"><h4>{_e(box["name"])}</h4>'
        f'<span class="badge auth">{auth}</span>{sick}</div>{about}{url}'
        f"{_connection(box['connection'])}"
        f"{_chips(box['sId'], box['tools'])}</li>"
    )


def _chips(key: str, tools: Sequence[Json]) -> str:
    if not tools:
        return '<p class="facts">lists no tools</p>'
    first, rest = tools[:CHIPS_SHOWN], tools[CHIPS_SHOWN:]
    html = _chip_list(first)
    if rest:
        html += (
            f'<details id="t-{_e(key)}"><summary>{len(rest)} more</summary>'
            f"{_chip_list(rest)}</details>"
        )
    return html


def _chip_list(tools: Iterable[Json]) -> str:
    return f'<ul class="chips">{"".join(_chip(tool) for tool in tools)}</ul>'


def _chip(tool: Json) -> str:
    classes = ["chip", str(tool["stake"])]
    notes = []
    if not tool["enabled"]:
        classes.append("off")
        notes.append("disabled")
    if not tool["isSet"]:
        classes.append("unset")
        notes.append("no setting, Dust's default")
    if not tool["isListed"]:
        notes.append("the server lists no such tool")
    stake = _STAKE_WORDS[str(tool["stake"])] if tool["enabled"] else "disabled"
    name = _e(tool["name"])
    name = name if tool["enabled"] else f"<s>{name}</s>"
    title = f' title="{_e(", ".join(notes))}"' if notes else ""
    return f'<li class="{" ".join(classes)}"{title}>{name} <b>{stake}</b></li>'


def render_calls(calls: Sequence[Json]) -> str:
    """The log, newest first."""
    if not calls:
        return '<li class="empty">No calls yet. Point the tool at this address.</li>'
    return "".join(_call(call) for call in calls)


def _call(call: Json) -> str:
    moment = datetime.fromtimestamp(call["at"] / 1000, UTC)
    status = int(call["status"])
    verb = str(call["method"])
    path = str(call["path"]).replace(f"/api/w/{call['workspaceId']}", "…", 1)
    query = "&".join(f"{key}={value}" for key, value in call["query"].items())
    body = ""
    if call["body"] is not None:
        text = json.dumps(call["body"], indent=2, ensure_ascii=False)
        pretty = escape(json_for_terminals(text))
        body = f'<details id="c-{call["id"]}"><summary>body</summary><pre>{pretty}</pre></details>'
    kind = "write" if verb in _WRITES else "read"
    return (
        f'<li class="call {kind} s{status // 100}">'
        f'<span class="verb">{_e(verb)}</span> '
        f'<span class="path">{_e(path)}<i>{"?" + _e(query) if query else ""}</i></span> '
        f'<span class="status">{status}</span>'
        f'<span class="meta"><time datetime="{moment.isoformat()}">{moment:%H:%M:%S}</time>'
        f" · {_e(call['actor'] or 'nobody')} · {call['milliseconds']:g} ms</span>{body}</li>"
    )


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _e(text: object) -> str:
    return escape(printable(str(text)), quote=True)
