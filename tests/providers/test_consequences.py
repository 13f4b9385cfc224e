"""What a change destroys or exposes is said in words."""

from typing import Any

from reconciler.resources import Action, LiveResource
from tests.providers.scenes import PROVIDER, change, shown

URL = "https://mcp.acme.example/mcp"


def server(mode: str = "none", spaces: int = 2, **facts: Any) -> LiveResource:
    places = [f"vlt_{n}" for n in range(spaces)]
    return LiveResource(
        kind="MCPServer",
        remote_id="rms_1",
        title="Acme",
        spec={
            "url": URL,
            "spaces": places,
            "auth": {"mode": mode, "token": True} if mode == "bearer" else {"mode": mode},
            "headers": {"X-Key": True},
            "tools": {},
        },
        facts={"systemViewId": "mcpsv_s", "views": {}, "viewName": None, **facts},
    )


def said(*args: Any, **kwargs: Any) -> str:
    return "\n".join(PROVIDER.consequences(change(*args, **kwargs)))


def moved(before: set[str], after: set[str], **more: Any) -> str:
    edit = shown(("spaces",), frozenset(before), frozenset(after))
    live = server(**more)
    return said("MCPServer/x", Action.UPDATE, spec={"url": URL}, live=live, fields=(edit,))


def test_a_replace_names_every_loss() -> None:
    spec = {"url": URL + "2"}
    words = said("MCPServer/x", Action.REPLACE, spec=spec, live=server(workspaceConnection=True))
    assert "every person's personal connection to it is lost" in words
    assert "the workspace's connection to it is lost" in words
    assert "agents and skills that use the tool lose it (2 space views deleted)" in words
    assert "not back into agents and skills" in words
    assert "X-Key" in words


def test_a_replace_says_that_an_unmanaged_token_is_lost() -> None:
    spec = {"url": URL + "2", "headers": {}}
    words = said("MCPServer/x", Action.REPLACE, spec=spec, live=server("bearer"))
    assert "bearer token can't be read back" in words
    assert "X-Key" not in words


def test_a_delete_names_every_loss() -> None:
    words = said("MCPServer/x", Action.DELETE, live=server(workspaceConnection=True, spaces=1))
    assert "personal connection" in words
    assert "workspace's connection" in words
    assert "1 space view deleted" in words


def test_a_server_without_a_connection_loses_none() -> None:
    words = said("MCPServer/x", Action.DELETE, live=server(workspaceConnection=False))
    assert "workspace's connection" not in words


def test_sharing_with_the_company_counts_the_views_it_deletes() -> None:
    words = moved({"a", "b", "c"}, {"company"})
    assert "visible to the whole company" in words
    assert "deletes its 3 space views" in words


def test_leaving_a_space_names_it() -> None:
    assert "lose the tool as configured in `a`" in moved({"a", "b"}, {"b"})


def test_entering_a_space_is_nothing_to_warn_about() -> None:
    assert moved({"a"}, {"a", "b"}) == ""


def test_entering_a_space_with_a_bearer_token_means_one_account_for_all() -> None:
    assert "one account of its bearer token" in moved({"a"}, {"a", "b"}, mode="bearer")


def test_a_header_with_a_secret_means_one_account_for_all_and_a_literal_does_not() -> None:
    def entered(header: dict[str, str]) -> str:
        spec = {"url": URL, "headers": {"X-Key": header}}
        edit = shown(("spaces",), frozenset({"a"}), frozenset({"a", "b"}))
        return said("MCPServer/x", Action.UPDATE, spec=spec, live=server(), fields=(edit,))

    assert "one account of its secret headers (X-Key)" in entered({"env": "KEY"})
    assert entered({"literal": "platform"}) == ""


def test_leaving_the_company_says_what_does_not_come_back() -> None:
    assert "don't come back" in moved({"company"}, {"a"})


def credentials(after: str) -> str:
    spec = {"url": URL, "auth": {"mode": "automatic", "credentials": after}}
    edit = shown(("auth", "credentials"), "other", after)
    live = server("automatic")
    return said("MCPServer/x", Action.UPDATE, spec=spec, live=live, fields=(edit,))


def test_whose_credentials_count_is_explained_both_ways() -> None:
    assert "one workspace connection" in credentials("workspace")
    assert "each person has to connect" in credentials("personal")


def test_new_scopes_mean_signing_in_again() -> None:
    edit = shown(("auth", "scopes"), frozenset(), frozenset({"repo"}))
    spec = {"url": URL, "auth": {"mode": "automatic"}}
    words = said("MCPServer/x", Action.UPDATE, spec=spec, live=server("automatic"), fields=(edit,))
    assert "sign in again" in words


def test_a_header_nobody_holds_is_named_before_it_is_dropped() -> None:
    edit = shown(("headers", "X-New"), None, "v")
    spec = {"url": URL, "headers": {"X-New": {"literal": "v"}}}
    words = said("MCPServer/x", Action.UPDATE, spec=spec, live=server(), fields=(edit,))
    assert "X-Key" in words


def space(tools: int = 3) -> LiveResource:
    return LiveResource(
        kind="Space",
        remote_id="vlt_a",
        title="Finance",
        spec={"displayName": "Finance"},
        facts={"tools": tools},
    )


def test_deleting_a_space_counts_the_tools_it_takes_along() -> None:
    words = said("Space/a", Action.DELETE, live=space())
    assert "data sources and apps" in words
    assert "the views of 3 tools" in words


def test_deleting_a_space_without_tools_mentions_none() -> None:
    assert "tool" not in said("Space/a", Action.DELETE, live=space(0))


def test_opening_a_space_says_to_whom() -> None:
    edit = shown(("access",), "restricted", "open")
    spec = {"displayName": "Finance", "access": "open"}
    words = said("Space/a", Action.UPDATE, spec=spec, live=space(), fields=(edit,))
    assert words == "opens the space: everyone in the workspace may use its 3 tools"


def test_closing_a_space_says_who_stays() -> None:
    edit = shown(("access",), "open", "restricted")
    spec = {"displayName": "Finance", "access": "restricted"}
    words = said("Space/a", Action.UPDATE, spec=spec, live=space(), fields=(edit,))
    assert "only its members and groups" in words


def test_removing_people_and_groups_counts_them() -> None:
    edits = (
        shown(("members",), frozenset({"a@b.c", "d@e.f"}), frozenset({"a@b.c"})),
        shown(("groups",), frozenset({"x", "y"}), frozenset()),
    )
    words = said("Space/a", Action.UPDATE, spec={"displayName": "F"}, live=space(), fields=edits)
    assert words.split("\n") == [
        "1 person will lose access through this space",
        "2 groups will lose access through this space",
    ]


def test_a_new_open_space_is_announced() -> None:
    assert "everyone" in said("Space/a", Action.CREATE, spec={"displayName": "A", "access": "open"})
    assert said("Space/a", Action.CREATE, spec={"displayName": "A"}) == ""
