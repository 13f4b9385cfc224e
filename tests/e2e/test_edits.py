"""Every field of every kind, edited one by one: apply makes it so, and then nothing is to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from reconciler.resources import MCPServerSpec, SpaceSpec
from tests.e2e.world import (
    GUARDED_TOKEN,
    Servers,
    Workspace,
    server,
    space,
)
from tests.parts.cli import Project

Look = Callable[[Workspace], Any]


@dataclass(frozen=True, kw_only=True)
class Edit:
    """A field's new value, and what the workspace then shows."""

    field: str
    value: Any
    look: Look
    shows: Any

    @property
    def name(self) -> str:
        """The name of the test."""
        return f"{self.field}={self.value}"


def _people(workspace: Workspace) -> set[str]:
    found = next(s for s in workspace.spaces().values() if s["name"] != "Board room")
    return {each["email"] for each in found["members"]}


def _groups(workspace: Workspace) -> set[str]:
    found = next(s for s in workspace.spaces().values() if s["name"] != "Board room")
    return {each["name"] for each in found["groups"]}


def _restricted(workspace: Workspace) -> bool:
    return bool(workspace.spaces()["Team"]["isRestricted"])


SPACE_EDITS = (
    Edit(field="displayName", value="Crew", look=lambda w: "Crew" in w.spaces(), shows=True),
    Edit(field="displayName", value="TEAM", look=lambda w: "TEAM" in w.spaces(), shows=True),
    Edit(field="access", value="open", look=_restricted, shows=False),
    Edit(field="members", value=[], look=_people, shows=set()),
    Edit(
        field="members",
        value=["uma@acme.example", "ANA@acme.example"],
        look=_people,
        shows={"uma@acme.example", "ana@acme.example"},
    ),
    Edit(field="groups", value=["Night shift"], look=_groups, shows={"Night shift"}),
    Edit(field="groups", value=[], look=_groups, shows=set()),
)


@pytest.mark.parametrize("edit", SPACE_EDITS, ids=lambda edit: edit.name)
def test_an_edited_field_of_a_space_is_applied_and_then_settled(
    project: Project, workspace: Workspace, edit: Edit
) -> None:
    fields: dict[str, Any] = {
        "displayName": "Team",
        "access": "restricted",
        "members": ["ana@acme.example", "eve@acme.example"],
        "groups": ["Finance team"],
    }
    project.write("space.yaml", space("team", **fields))
    project.apply()

    project.write("space.yaml", space("team", **(fields | {edit.field: edit.value})))

    _is_one_edit(project, "Space/team", edit.field)
    project.apply()
    assert edit.look(workspace) == edit.shows
    project.settled()


def _server_of(workspace: Workspace) -> dict[str, Any]:
    return next(s for s in workspace.servers().values() if "handbook" in s["name"])


def _title(workspace: Workspace) -> str:
    return next(t for t, s in workspace.servers().items() if "handbook" in s["name"])


def _description(workspace: Workspace) -> Any:
    return workspace.system_view(_title(workspace))["description"]


def _tools(workspace: Workspace) -> Any:
    return workspace.tools(_title(workspace))


def _headers(workspace: Workspace) -> set[str]:
    return set(_server_of(workspace)["customHeaders"] or ())


_BEFORE: dict[str, Any] = {
    "displayName": "Handbook",
    "description": "What to do",
    "icon": "ActionBookOpenIcon",
    "spaces": ["team"],
    "auth": {"mode": "bearer", "token": {"env": "TOKEN"}},
    "headers": {"X-Team": {"literal": "platform"}, "X-Key": {"env": "KEY"}},
    "tools": {
        "default": {"stake": "low"},
        "search": {"stake": "never_ask"},
        "delete_ticket": {"enabled": False},
    },
}

SERVER_EDITS = (
    Edit(field="displayName", value="Guide", look=_title, shows="Guide"),
    Edit(field="displayName", value="handbook", look=_title, shows="handbook"),
    Edit(field="description", value="What not to do", look=_description, shows="What not to do"),
    Edit(
        field="icon",
        value="ActionRobotIcon",
        look=lambda w: _server_of(w)["icon"],
        shows="ActionRobotIcon",
    ),
    Edit(field="spaces", value=["crew"], look=lambda w: w.places("Handbook"), shows={"Crew"}),
    Edit(
        field="spaces",
        value=["team", "crew"],
        look=lambda w: w.places("Handbook"),
        shows={"Team", "Crew"},
    ),
    Edit(field="spaces", value=["company"], look=lambda w: w.places("Handbook"), shows={"company"}),
    Edit(field="spaces", value=[], look=lambda w: w.places("Handbook"), shows=set()),
    Edit(
        field="auth",
        value={"mode": "none"},
        look=lambda w: _server_of(w)["sharedSecret"],
        shows=None,
    ),
    Edit(field="headers", value={}, look=_headers, shows=set()),
    Edit(
        field="headers",
        value={"X-Team": {"literal": "support"}, "X-Key": {"env": "KEY"}},
        look=_headers,
        shows={"X-Team", "X-Key"},
    ),
    Edit(
        field="headers",
        value={"X-Other": {"env": "KEY"}},
        look=_headers,
        shows={"X-Other"},
    ),
    Edit(
        field="tools",
        value={"default": {"stake": "high", "enabled": True}},
        look=_tools,
        shows={
            "search": ("high", True),
            "create_ticket": ("high", True),
            "delete_ticket": ("high", True),
        },
    ),
    Edit(
        field="tools",
        value={"default": {"stake": "low"}, "search": {"stake": "medium", "enabled": False}},
        look=lambda w: _tools(w)["search"],
        shows=("medium", False),
    ),
    Edit(
        field="tools",
        value={"create_ticket": {"stake": "never_ask"}},
        look=_tools,
        shows={
            "search": ("never_ask", True),
            "create_ticket": ("never_ask", True),
            "delete_ticket": ("low", False),
        },
    ),
)


@pytest.mark.parametrize("edit", SERVER_EDITS, ids=lambda edit: edit.name)
def test_an_edited_field_of_a_server_is_applied_and_then_settled(
    project: Project, workspace: Workspace, servers: Servers, edit: Edit
) -> None:
    _two_spaces(project)
    project.write("server.yaml", server("handbook", servers.open.url, **_BEFORE))
    project.apply()
    sid = _server_of(workspace)["sId"]

    edited = _BEFORE | {edit.field: edit.value}
    project.write("server.yaml", server("handbook", servers.open.url, **edited))

    _is_one_edit(project, "MCPServer/handbook", edit.field)
    project.apply()
    assert edit.look(workspace) == edit.shows
    assert _server_of(workspace)["sId"] == sid, "an edit in place made a new server"
    project.settled()


@pytest.mark.parametrize("field", [name for name in _BEFORE if name != "auth"])
def test_a_field_that_is_left_out_of_a_server_is_left_to_the_workspace(
    project: Project, workspace: Workspace, servers: Servers, field: str
) -> None:
    _two_spaces(project)
    project.write("server.yaml", server("handbook", servers.open.url, **_BEFORE))
    project.apply()
    before = _server_of(workspace)

    rest = {name: value for name, value in _BEFORE.items() if name != field}
    project.write("server.yaml", server("handbook", servers.open.url, **rest))

    project.settled()
    assert _server_of(workspace) == before


@pytest.mark.parametrize("field", ["access", "members", "groups"])
def test_a_field_that_is_left_out_of_a_space_is_left_to_the_workspace(
    project: Project, workspace: Workspace, field: str
) -> None:
    fields: dict[str, Any] = {
        "access": "restricted",
        "members": ["ana@acme.example"],
        "groups": ["Night shift"],
    }
    project.write("space.yaml", space("team", **fields))
    project.apply()
    workspace.rename_space("team", "Something else")
    before = workspace.spaces()

    rest = {name: value for name, value in fields.items() if name != field}
    project.write("space.yaml", space("team", displayName="Something else", **rest))

    assert "Nothing to do" in project.plan().out
    assert workspace.spaces() == before


def test_every_field_has_an_edit_of_its_own() -> None:
    assert {edit.field for edit in SPACE_EDITS} == _fields(SpaceSpec)
    # A new `url` makes a new server: see the tests of replacement.
    assert {edit.field for edit in SERVER_EDITS} == _fields(MCPServerSpec) - {"url"}


def _fields(model: type[Any]) -> set[str]:
    schema = model.model_json_schema(by_alias=True)
    return set(schema["properties"])


def _two_spaces(project: Project) -> None:
    project.environ.update(TOKEN=GUARDED_TOKEN, KEY="a-key-of-the-gateway")
    project.write("spaces.yaml", *_spaces())


def _spaces() -> Iterator[dict[str, Any]]:
    for name in ("team", "crew"):
        yield space(name, displayName=name.title())


def _is_one_edit(project: Project, address: str, field: str) -> None:
    [change] = project.document()["changes"]
    assert (change["address"], change["action"]) == (address, "update")
    assert {each["path"][0] for each in change["fields"]} == {field}
    assert {each["reason"] for each in change["fields"]} <= {"edited", "rotated"}
