"""Forecasts are pure: the calls of a change in order, before anything is sent."""

from typing import Any

import pytest

from reconciler.resources import Action, Change, LiveResource, Operation, Shown
from tests.providers.scenes import PROVIDER, change, shown

URL = "https://mcp.acme.example/mcp"


def live(**spec: Any) -> LiveResource:
    """A server in the spaces a and b."""
    views = {"vlt_a": "mcpsv_a", "vlt_b": "mcpsv_b", "vlt_all": "mcpsv_all"}
    return LiveResource(
        kind="MCPServer",
        remote_id="rms_1",
        title="Acme",
        spec={
            "url": URL,
            "displayName": "Acme",
            "spaces": ["vlt_a", "vlt_b"],
            "auth": {"mode": "none"},
            "headers": {},
            "tools": {"search": {"stake": "high", "enabled": True}},
            **spec,
        },
        facts={"systemViewId": "mcpsv_s", "views": views, "viewName": "Acme"},
    )


def names(planned: Change) -> list[str]:
    return [operation.name for operation in PROVIDER.operations(planned)]


def make(**spec: Any) -> Change:
    return change("MCPServer/x", Action.CREATE, spec={"url": URL, **spec})


def update(spec: dict[str, Any], *paths: tuple[str, ...], **more: Any) -> Change:
    edits = tuple(shown(path, "old", "new") for path in paths)
    return change("MCPServer/x", Action.UPDATE, spec=spec, live=live(), fields=edits, **more)


def test_a_create_in_full() -> None:
    planned = make(
        displayName="Acme",
        description="Words",
        icon="ActionCarIcon",
        tools={"default": {"stake": "low"}},
        spaces=["b", "a"],
        auth={"mode": "none"},
    )
    assert [(op.name, op.method, op.path) for op in PROVIDER.operations(planned)] == [
        ("create", "POST", "/mcp"),
        ("icon", "PATCH", "/mcp/{server}"),
        ("tools", "PATCH", "/mcp/{server}/tools"),
        ("describe", "PATCH", "/mcp/views/{systemView}"),
        ("view-add:a", "POST", "/spaces/{a}/mcp_views"),
        ("view-add:b", "POST", "/spaces/{b}/mcp_views"),
    ]


def test_only_the_create_itself_must_not_be_sent_twice() -> None:
    operations = PROVIDER.operations(make(displayName="A", description="B", spaces=["a"]))
    assert [op.name for op in operations if not op.idempotent] == ["create"]
    assert [op.name for op in operations if op.creates] == ["create"]
    assert [op.name for op in operations if op.deletes] == []


def test_a_name_alone_goes_out_with_the_create() -> None:
    (create,) = PROVIDER.operations(make(displayName="Acme"))
    assert create.arguments == {"viewName": "Acme"}


def test_an_update_in_full_is_ordered_from_less_exposure_to_more() -> None:
    spec = {
        "url": URL,
        "displayName": "New",
        "icon": "ActionCarIcon",
        "auth": {"mode": "automatic", "credentials": "personal"},
        "headers": {"X-A": {"literal": "a"}},
        "spaces": ["b", "c"],
    }
    edits = (
        shown(("spaces",), frozenset({"a", "b"}), frozenset({"b", "c"})),
        shown(("icon",), "old", "ActionCarIcon"),
        shown(("displayName",), "Acme", "New"),
        shown(("headers", "X-A"), None, "a"),
        shown(("tools", "search", "stake"), "low", "high"),
        shown(("auth", "credentials"), "workspace", "personal"),
        shown(("auth", "scopes"), frozenset(), frozenset({"repo"})),
    )
    planned = change(
        "MCPServer/x",
        Action.UPDATE,
        spec=spec,
        live=live(),
        fields=edits,
        deposed=("rms_0",),
        links={"a": "vlt_a", "b": "vlt_b"},
    )
    assert [(op.name, op.method, op.path) for op in PROVIDER.operations(planned)] == [
        ("view-remove:a", "DELETE", "/spaces/vlt_a/mcp_views/mcpsv_a"),
        ("tools", "PATCH", "/mcp/rms_1/tools"),
        ("credentials", "PATCH", "/mcp/rms_1"),
        ("delete-deposed:rms_0", "DELETE", "/mcp/rms_0"),
        ("describe", "PATCH", "/mcp/views/mcpsv_s"),
        ("icon", "PATCH", "/mcp/rms_1"),
        ("view-add:c", "POST", "/spaces/{c}/mcp_views"),
        ("sign-in", "GET", "/oauth/mcp/setup"),
        ("attach", "POST", "/mcp/connections/workspace"),
        ("use-case", "PATCH", "/mcp/views/mcpsv_s"),
    ]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ("abcde", "set 5 tools: a, b, c, d, e"),
        ("abcdef", "set 6 tools: a, b, c, d, e and 1 more"),
        ("abcdefgh", "set 8 tools: a, b, c, d, e and 3 more"),
    ],
)
def test_of_many_tools_the_first_are_named_and_the_rest_counted(names: str, words: str) -> None:
    edits = tuple(shown(("tools", name, "stake"), "low", "high") for name in names)
    planned = change("MCPServer/x", Action.UPDATE, spec={"url": URL}, live=live(), fields=edits)
    assert [operation.summary for operation in PROVIDER.operations(planned)] == [words]


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ({"a", "b"}, {"company"}, ["view-add:company"]),
        ({"company"}, {"a"}, ["view-add:a", "view-remove:company"]),
        ({"company"}, set(), ["view-remove:company"]),
        ({"company", "a"}, {"company"}, ["view-remove:a"]),
        ({"company", "a"}, {"b"}, ["view-remove:a", "view-add:b", "view-remove:company"]),
        ({"a"}, set(), ["view-remove:a"]),
        (set(), {"a", "b"}, ["view-add:a", "view-add:b"]),
    ],
)
def test_moves_between_spaces(before: set[str], after: set[str], wanted: list[str]) -> None:
    edit = shown(("spaces",), frozenset(before), frozenset(after))
    spec = {"url": URL, "spaces": sorted(after)}
    planned = change("MCPServer/x", Action.UPDATE, spec=spec, live=live(), fields=(edit,))
    assert names(planned) == wanted


@pytest.mark.parametrize("mode", ["automatic", "static-oauth"])
@pytest.mark.parametrize("action", [Action.CREATE, Action.REPLACE])
def test_an_oauth_server_starts_with_a_person_signing_in(mode: str, action: Action) -> None:
    spec = {"url": URL, "auth": {"mode": mode}}
    old = live() if action is Action.REPLACE else None
    first, *rest = PROVIDER.operations(change("MCPServer/x", action, spec=spec, live=old))
    assert first.interactive
    assert "sign in to `x` as an administrator" in first.summary
    assert not any(operation.interactive for operation in rest)


def test_an_unmanaged_sign_in_of_a_replaced_server_still_needs_a_person() -> None:
    old = live(auth={"mode": "automatic"})
    planned = change("MCPServer/x", Action.REPLACE, spec={"url": URL + "2"}, live=old)
    assert PROVIDER.operations(planned)[0].interactive


@pytest.mark.parametrize(
    "field",
    [
        "scopes",
        "clientId",
        "clientSecret",
        "authorizationEndpoint",
        "tokenEndpoint",
        "tokenEndpointAuthMethod",
        "connected",
    ],
)
def test_a_new_oauth_client_or_scope_needs_a_person(field: str) -> None:
    spec = {"url": URL, "auth": {"mode": "static-oauth"}}
    planned = update(spec, ("auth", field))
    assert names(planned) == ["sign-in", "attach", "use-case"]
    assert [op.interactive for op in PROVIDER.operations(planned)] == [True, False, False]


def test_whose_credentials_count_is_a_plain_write() -> None:
    spec = {"url": URL, "auth": {"mode": "automatic", "credentials": "personal"}}
    assert names(update(spec, ("auth", "credentials"))) == ["use-case"]


def test_a_replace_in_order() -> None:
    spec = {
        "url": URL + "2",
        "displayName": "Acme",
        "icon": "ActionCarIcon",
        "tools": {"search": {"stake": "low"}},
        "spaces": ["a"],
    }
    planned = change(
        "MCPServer/x",
        Action.REPLACE,
        spec=spec,
        live=live(),
        deposed=("rms_0",),
        links={"a": "vlt_a"},
    )
    operations = PROVIDER.operations(planned)
    assert [operation.name for operation in operations] == [
        "create",
        "icon",
        "tools",
        "delete-old",
        "delete-deposed:rms_0",
        "describe",
        "view-add:a",
    ]
    assert operations[0].arguments == {"viewName": "Acme (replacing)"}
    assert operations[3].arguments == {"id": "rms_1"}
    assert [op.name for op in operations if op.deletes] == ["delete-old", "delete-deposed:rms_0"]


def test_a_long_name_leaves_room_for_the_temporary_one() -> None:
    spec = {"url": URL + "2", "displayName": "x" * 255}
    planned = change("MCPServer/x", Action.REPLACE, spec=spec, live=live())
    name = PROVIDER.operations(planned)[0].arguments["viewName"]
    assert len(name) == 255
    assert name.endswith(" (replacing)")


def test_a_create_over_a_left_behind_server_makes_way_for_its_name() -> None:
    planned = change(
        "MCPServer/x", Action.CREATE, spec={"url": URL, "displayName": "A"}, deposed=("rms_0",)
    )
    assert names(planned) == ["create", "delete-deposed:rms_0", "describe"]


def test_a_delete_takes_what_was_left_behind_along() -> None:
    planned = change("MCPServer/x", Action.DELETE, live=live(), deposed=("rms_0",))
    assert names(planned) == ["delete", "delete-deposed:rms_0"]


CHANGES = [
    make(),
    make(displayName="A", description="B", spaces=["a", "company"], icon="ActionCarIcon"),
    change("MCPServer/x", Action.REPLACE, spec={"url": URL, "spaces": ["a"]}, live=live()),
    change("MCPServer/x", Action.DELETE, live=live(), deposed=("rms_0", "rms_9")),
    change("Space/a", Action.CREATE, spec={"displayName": "A", "groups": ["G"]}),
    change("Space/a", Action.DELETE, remote_id="vlt_a"),
]


@pytest.mark.parametrize("planned", CHANGES, ids=lambda c: f"{c.action}-{c.address.kind}")
def test_names_are_unique_and_every_operation_says_what_it_does(planned: Change) -> None:
    operations: tuple[Operation, ...] = PROVIDER.operations(planned)
    assert len({operation.name for operation in operations}) == len(operations) > 0
    assert all(operation.summary and operation.path.startswith("/") for operation in operations)


@pytest.mark.parametrize("planned", CHANGES, ids=lambda c: f"{c.action}-{c.address.kind}")
def test_forecasts_are_the_same_every_time(planned: Change) -> None:
    assert PROVIDER.operations(planned) == PROVIDER.operations(planned)
    assert PROVIDER.consequences(planned) == PROVIDER.consequences(planned)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ({"a"}, {"a", "b"}, "widens what the sign-in may do, by b"),
        ({"a", "b"}, {"a"}, "narrows what the sign-in may do, by b"),
        (None, {"b", "a"}, "asks for the scopes a, b"),
    ],
)
def test_what_a_change_of_scopes_means_is_said(
    before: set[str] | None, after: set[str], words: str
) -> None:
    had: Shown = None if before is None else frozenset(before)
    edit = shown(("auth", "scopes"), had, frozenset(after))
    spec = {"url": URL, "auth": {"mode": "automatic", "scopes": sorted(after)}}
    planned = change("MCPServer/x", Action.UPDATE, spec=spec, live=live(), fields=(edit,))
    told = PROVIDER.consequences(planned)
    assert words in told
    assert any("an administrator has to sign in again" in line for line in told)
