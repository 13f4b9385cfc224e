"""Manifests from live objects: they pass every check, and what they can't say is a comment."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.manifests import Export, Grouping, export, from_json, load
from reconciler.planning import Matching, adopt, make_plan
from reconciler.resources import Address, Desired, LiveResource
from tests.parts.values import (
    COMPANY_ID,
    Nowhere,
    inputs,
    live_server,
    live_space,
    snapshot,
    state,
    tool,
)

WORKSPACE = {
    "apiVersion": "reconciler/v1",
    "kind": "Workspace",
    "metadata": {"name": "acme"},
    "spec": {"provider": "dust", "workspaceId": "w1", "region": "eu"},
}


def workspace() -> Desired:
    return from_json({"root": ".", "workspace": WORKSPACE, "resources": []})


def exported(*live: LiveResource, grouping: Grouping = Grouping.RESOURCE) -> Export:
    return export(snapshot(*live), workspace(), known={}, grouping=grouping)


def written(folder: Path, made: Export) -> Desired:
    """The manifests read back from files; they must be valid."""
    for name, text in made.files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    loaded = load([folder])
    assert loaded.desired is not None, [str(d) for d in loaded.diagnostics]
    return loaded.desired


def leftovers(desired: Desired, made: Export, live: Sequence[LiveResource]) -> list[str]:
    """What a plan would do after each exported object was adopted by its id."""
    whole = snapshot(*live)
    claims = {address: each.remote_id for address, each in made.objects.items()}
    adoption = adopt(
        desired.resources, state(), whole, locator=Nowhere(), claims=claims, matching=Matching.NONE
    )
    assert adoption.faults.items == ()
    plan = make_plan(inputs(desired.resources.values(), whole, adoption.state))
    return [f"{c.address} {c.action} {[f.path for f in c.fields]}" for c in plan.changes]


NASTY = st.sampled_from(
    [
        "One",
        "one",
        "two ",
        "default",
        "company",
        "a\nb",
        "x" * 300,
        "yes",
        "",
        "№ 1",
        "ghp_" + "a" * 36,
    ]
)
SPACE_SPECS = st.fixed_dictionaries(
    {"access": st.sampled_from(["open", "restricted"])},
    optional={
        "members": st.lists(st.sampled_from(["ana@x.io", "no mail"]), unique=True),
        "groups": st.lists(st.sampled_from(["g", "h"]), unique=True),
    },
)
AUTHS = st.sampled_from(
    [
        {"mode": "none"},
        {"mode": "bearer", "token": True},
        {"mode": "automatic", "connected": True, "credentials": "personal"},
        {"mode": "automatic", "connected": True},
        {"mode": "static-oauth", "connected": True, "credentials": "workspace"},
        {"mode": "quantum", "connected": True},
    ]
)
URLS = st.sampled_from(
    ["https://a.example/mcp", "http://a.example/mcp", "https://b.example/mcp?k=ghp_" + "a" * 36]
)
HEADERS = st.sets(st.sampled_from(["X-A", "x_a", "Authorization", "Host"]), max_size=3)
TOOLS = st.dictionaries(
    st.sampled_from(["search", "default", "a b", "no: way"]),
    st.builds(lambda s, e: tool(s, enabled=e), st.sampled_from(["high", "odd"]), st.booleans()),
    max_size=3,
)


@st.composite
def worlds(draw: st.DrawFn) -> list[LiveResource]:
    titles = draw(st.lists(NASTY, max_size=4, unique_by=lambda t: t.strip().casefold()))
    live = [
        live_space(f"vlt_{n}", {"displayName": title, **draw(SPACE_SPECS)})
        for n, title in enumerate(titles)
    ]
    places = [COMPANY_ID, *(each.remote_id for each in live)]
    for number in range(draw(st.integers(0, 4))):
        spec: dict[str, Any] = {
            "url": draw(URLS),
            "displayName": draw(NASTY),
            "description": draw(NASTY),
            "icon": draw(st.sampled_from(["ActionCarIcon", "own"])),
            "spaces": sorted(draw(st.sets(st.sampled_from(places), max_size=2))),
            "auth": draw(AUTHS),
            "headers": dict.fromkeys(draw(HEADERS), True),
            "tools": draw(TOOLS),
        }
        live.append(live_server(f"rms_{number}", spec, scope=draw(st.sampled_from([None, "a b"]))))
    return live


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(worlds(), st.sampled_from(Grouping))
def test_whatever_is_there_exports_to_valid_manifests_and_an_empty_plan(
    tmp_path_factory: pytest.TempPathFactory, live: list[LiveResource], grouping: Grouping
) -> None:
    made = exported(*live, grouping=grouping)
    desired = written(tmp_path_factory.mktemp("export"), made)
    assert set(desired.resources) == set(made.objects)
    assert leftovers(desired, made, live) == []
    assert len(made.objects) + len(made.left_out) == len(live)
    assert exported(*reversed(live), grouping=grouping).files == made.files
    assert "a" * 36 not in "".join(made.files.values())


def test_every_readable_field_is_written_and_secrets_are_references(tmp_path: Path) -> None:
    made = exported(
        live_space("vlt_1", {"displayName": "Finance", "members": ["ana@x.io"]}),
        live_server(
            "rms_1",
            {
                "displayName": "GitHub",
                "description": "Issues",
                "spaces": ["vlt_1"],
                "auth": {"mode": "bearer", "token": True},
                "headers": {"X-Team": True},
                "tools": {"search": tool("low")},
            },
        ),
    )
    spec = written(tmp_path, made).resources[Address("MCPServer", "github")].spec
    assert spec == {
        "url": "https://mcp.acme.example/mcp",
        "displayName": "GitHub",
        "description": "Issues",
        "icon": "ActionCommand1Icon",
        "spaces": ["finance"],
        "auth": {"mode": "bearer", "token": {"env": "GITHUB_MCP_TOKEN"}},
        "headers": {"X-Team": {"env": "GITHUB_X_TEAM"}},
        "tools": {"search": {"stake": "low", "enabled": True}},
    }
    assert made.secrets == ("GITHUB_MCP_TOKEN", "GITHUB_X_TEAM")


def test_an_oauth_app_is_a_comment_to_fill_in(tmp_path: Path) -> None:
    auth = {"mode": "static-oauth", "connected": True, "credentials": "personal"}
    made = exported(live_server("rms_1", {"displayName": "Hub", "auth": auth}, scope="repo user"))
    text = made.files["servers/hub.yaml"]
    for line in (
        "  # auth:",
        "  #   clientSecret: {env: HUB_MCP_CLIENT_SECRET}",
        "  #   scopes: [repo, user]",
        "  #   credentials: personal",
    ):
        assert line in text.splitlines(), text
    assert "auth" not in written(tmp_path, made).resources[Address("MCPServer", "hub")].spec
    assert made.secrets == ()


def test_a_space_shares_its_file_with_the_servers_that_show_in_it_alone() -> None:
    made = exported(
        live_space("vlt_1", {"displayName": "A"}),
        live_space("vlt_2", {"displayName": "B"}),
        live_server("rms_1", {"displayName": "s", "spaces": ["vlt_1"]}),
        live_server("rms_2", {"displayName": "t", "spaces": ["vlt_1", "vlt_2"]}),
        live_server("rms_3", {"displayName": "u", "spaces": [COMPANY_ID]}),
        live_server("rms_4", {"displayName": "v"}),
        grouping=Grouping.SPACE,
    )
    kinds = {name: text.count("\nkind: ") for name, text in made.files.items()}
    assert kinds == {
        "workspace.yaml": 1,
        "spaces/a.yaml": 2,
        "spaces/b.yaml": 1,
        "servers/shared.yaml": 1,
        "servers/company.yaml": 1,
        "servers/elsewhere.yaml": 1,
    }


def test_half_made_objects_are_told_and_not_described() -> None:
    made = exported(replace(live_server("rms_1", {}), broken=True))
    assert [each.live.remote_id for each in made.left_out] == ["rms_1"]
    assert list(made.files) == ["workspace.yaml"]
