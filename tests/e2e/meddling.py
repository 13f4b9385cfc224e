"""What an administrator does by hand, behind our back, to our objects and to other people's."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from tests.e2e.declaring import TITLES
from tests.e2e.world import NEIGHBOUR_SPACE, Servers, Workspace

_STAKES = ("high", "medium", "low", "never_ask")


@dataclass(frozen=True)
class Meddling:
    """One act; `pick` chooses among its possible objects, `turn` among its possible values."""

    act: str
    pick: int
    turn: int

    def do(
        self,
        workspace: Workspace,
        servers: Servers,
        owned: Mapping[str, str],
        *,
        spared: Collection[str] = (),
    ) -> None:
        """Do it; nothing when there is nothing to do it to, or only what is `spared`."""
        if self.act in MAKINGS:
            MAKINGS[self.act](workspace, servers, self.turn)
            return
        verb, _, whose = self.act.rpartition(" of ")
        table = SPACE_ACTS if verb in SPACE_ACTS else SERVER_ACTS
        kind = "Space" if verb in SPACE_ACTS else "MCPServer"
        ours = sorted(sid for address, sid in owned.items() if address.startswith(kind))
        there = [sid for sid in _ids(workspace, kind) if sid not in spared]
        chosen = [sid for sid in there if (sid in ours) == (whose == "ours")]
        if chosen:
            table[verb](workspace, chosen[self.pick % len(chosen)], self.turn)


def _ids(workspace: Workspace, kind: str) -> list[str]:
    """Ids of what may be meddled with, by name; not the neighbours."""
    if kind == "Space":
        spaces = sorted(workspace.spaces().items())
        return [each["sId"] for name, each in spaces if name != NEIGHBOUR_SPACE]
    servers = sorted(workspace.servers().items())
    return [each["sId"] for _, each in servers if "127.0.0.1" in (each.get("url") or "")]


def _new_name(taken: Sequence[str], turn: int) -> str:
    """Sometimes one that the manifests may want, always one that nobody has."""
    wished = TITLES[turn % len(TITLES)]
    used = {name.lower() for name in taken}
    if turn % 2 and wished.lower() not in used:
        return wished
    return next(name for n in range(99) if (name := f"By hand {n}").lower() not in used)


def _a_space(workspace: Workspace, _servers: Servers, turn: int) -> None:
    body = {
        "name": _new_name(list(workspace.spaces()), turn),
        "isRestricted": bool(turn % 2),
        "spaceKind": "regular",
        "managementMode": "manual",
        "memberIds": [_person(workspace, "uma@acme.example")],
    }
    workspace.admin.write("POST", "/spaces", body)


def _a_server(workspace: Workspace, servers: Servers, turn: int) -> None:
    url = (servers.open, servers.other)[turn % 2].url
    name = _new_name(list(workspace.servers()), turn)
    body = {"serverType": "remote", "url": url, "viewName": name, "sharedSecret": "their-own"}
    sid = workspace.admin.write("POST", "/mcp", body)["server"]["sId"]
    _set_tools(workspace, sid, turn)
    _show(workspace, sid, turn)


def _rename_space(workspace: Workspace, sid: str, turn: int) -> None:
    name = _new_name(list(workspace.spaces()), turn)
    workspace.admin.write("PATCH", f"/spaces/{sid}", {"name": name})


def _delete_space(workspace: Workspace, sid: str, _turn: int) -> None:
    workspace.admin.write("DELETE", f"/spaces/{sid}")


def _membership(workspace: Workspace, sid: str, turn: int) -> None:
    """Who is in, and whether everybody is."""
    people = ("ana@acme.example", "uma@acme.example", "eve@acme.example")
    groups = workspace.admin.read("/groups", kind=["provisioned", "regular_manual"])["groups"]
    body = {
        "name": "ignored",
        "isRestricted": bool(turn % 2),
        "managementMode": "manual",
        "memberIds": [_person(workspace, email) for email in people[: turn % 4]],
        "editorIds": [],
        "groupIds": [each["sId"] for each in groups[: turn % 3]],
        "editorGroupIds": [],
    }
    workspace.admin.write("PATCH", f"/spaces/{sid}/members", body)


def _person(workspace: Workspace, email: str) -> str:
    sid: str = workspace.admin.read("/members/search", searchEmails=email)["members"][0]["sId"]
    return sid


def _delete_server(workspace: Workspace, sid: str, _turn: int) -> None:
    workspace.admin.write("DELETE", f"/mcp/{sid}")


def _set_icon(workspace: Workspace, sid: str, turn: int) -> None:
    icon = ("ActionCarIcon", "ActionBombIcon", "no icon of Dust's")[turn % 3]
    workspace.admin.write("PATCH", f"/mcp/{sid}", {"icon": icon})


def _set_words(workspace: Workspace, sid: str, turn: int) -> None:
    body = {
        "name": _new_name(list(workspace.servers()), turn),
        "description": ("What it is for", "What they say")[turn % 2],
    }
    view = next(v for v in _views(workspace, sid) if v["spaceId"] == workspace.space_id("system"))
    workspace.admin.write("PATCH", f"/mcp/views/{view['sId']}", body)


def _set_token(workspace: Workspace, sid: str, turn: int) -> None:
    workspace.admin.write("PATCH", f"/mcp/{sid}", {"sharedSecret": ("", "theirs")[turn % 2]})


def _set_headers(workspace: Workspace, sid: str, turn: int) -> None:
    header = {"key": ("x-team", "X-Theirs")[turn % 2], "value": "theirs"}
    body = {"customHeaders": [header] if turn % 3 else None}
    workspace.admin.write("PATCH", f"/mcp/{sid}", body)


def _set_tools(workspace: Workspace, sid: str, turn: int) -> None:
    tool = ("search", "delete_ticket", "a_tool_that_is_gone")[turn % 3]
    row = {"toolName": tool, "permission": _STAKES[turn % 4], "enabled": bool(turn % 2)}
    workspace.admin.write("PATCH", f"/mcp/{sid}/tools", {"tools": [row]})


def _show(workspace: Workspace, sid: str, turn: int) -> None:
    """In another space, or in the company's, which takes it out of all others."""
    taken = {view["spaceId"] for view in _views(workspace, sid)}
    company = workspace.space_id("company")
    spaces = [each["sId"] for _, each in sorted(workspace.spaces().items())]
    free = [each for each in [*spaces, company] if each not in taken and company not in taken]
    if free:
        path = f"/spaces/{free[turn % len(free)]}/mcp_views"
        workspace.admin.write("POST", path, {"mcpServerId": sid})


def _hide(workspace: Workspace, sid: str, turn: int) -> None:
    system = workspace.space_id("system")
    views = [view for view in _views(workspace, sid) if view["spaceId"] != system]
    if views:
        view = views[turn % len(views)]
        path = f"/spaces/{view['spaceId']}/mcp_views/{view['sId']}"
        workspace.admin.write("DELETE", path)


def _sync(workspace: Workspace, sid: str, _turn: int) -> None:
    # Fails where somebody took the token away; then the workspace remembers the failure.
    workspace.admin.post(f"/mcp/{sid}/sync")


def _views(workspace: Workspace, sid: str) -> list[dict[str, Any]]:
    views: list[dict[str, Any]] = workspace.admin.read(f"/mcp/{sid}")["server"]["views"]
    listed = workspace.admin.read("/spaces", role="admin")["spaces"]
    names = {each["sId"]: each["name"] for each in listed}
    return sorted(views, key=lambda view: str(names[view["spaceId"]]))


MAKINGS: Mapping[str, Callable[[Workspace, Servers, int], None]] = {
    "make a space": _a_space,
    "make a server": _a_server,
}
SPACE_ACTS: Mapping[str, Callable[[Workspace, str, int], None]] = {
    "rename": _rename_space,
    "change who is in": _membership,
    "delete space": _delete_space,
}
SERVER_ACTS: Mapping[str, Callable[[Workspace, str, int], None]] = {
    "change words": _set_words,
    "change icon": _set_icon,
    "change token": _set_token,
    "change headers": _set_headers,
    "change tools": _set_tools,
    "show": _show,
    "hide": _hide,
    "sync": _sync,
    "delete server": _delete_server,
}


def meddlings(whose: str) -> st.SearchStrategy[Meddling]:
    """Acts on what is `ours`, or making and changing `theirs`."""
    acts = [f"{verb} of {whose}" for verb in (*SPACE_ACTS, *SERVER_ACTS)]
    if whose == "theirs":
        acts = [*MAKINGS, *MAKINGS, *acts]
    return st.builds(Meddling, st.sampled_from(acts), st.integers(0, 5), st.integers(0, 11))
