"""Absence is proved by the object: what a list lacks, or contradicts, is asked for itself."""

from typing import Any

import pytest

from reconciler.providers import IncompleteRead, ProviderError, ReadRequest
from reconciler.providers.dust import absence
from reconciler.resources import Snapshot
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import (
    ROOT,
    SPACES,
    refused,
    script_workspace,
    server,
    snap,
    space,
    view,
)

OWNED = ReadRequest(
    owned={"Space": frozenset({"vlt_a", "vlt_c"}), "MCPServer": frozenset({"rms_1", "rms_2"})},
    titles={},
)
C = {"sId": "vlt_c", "name": "Gamma", "kind": "regular"}
SHOWN = {"server": {"sId": "rms_2", "tools": [{"name": "search"}], "views": []}}
GONE = {"Space": "space_not_found", "MCPServer": "data_source_not_found"}
PATHS = {"Space": "/spaces/vlt_c", "MCPServer": "/mcp/rms_2"}
LISTS = {"Space": "/spaces", "MCPServer": "/mcp"}


def script(web: ScriptedHttp, kind: str, reply: Reply) -> None:
    """A workspace whose lists lack an owned space and an owned server; one kind's says `reply`."""
    script_workspace(web)
    for each, path in PATHS.items():
        web.on("GET", ROOT + path, reply if each == kind else refused(404, GONE[each]))


def read(web: ScriptedHttp) -> Snapshot:
    return snap(web.url, OWNED, attempts=1)


def failure(web: ScriptedHttp) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        read(web)
    return caught.value


def times(web: ScriptedHttp, path: str) -> int:
    return web.calls().count(f"GET {ROOT}{path}")


def test_no_object_is_asked_for_when_the_lists_show_all(web: ScriptedHttp) -> None:
    script_workspace(web)
    listed = ReadRequest(owned={"MCPServer": frozenset({"rms_1"})}, titles={})
    assert snap(web.url, listed).calls == 4


def test_what_says_itself_that_it_is_gone_is_gone(web: ScriptedHttp) -> None:
    script(web, "Space", refused(404, "space_not_found"))
    found = read(web)
    assert found.complete == {"Space", "MCPServer"}
    assert (found.find("Space", "vlt_c"), found.find("MCPServer", "rms_2")) == (None, None)
    assert [times(web, path) for path in PATHS.values()] == [2, 2], "it says so twice"
    assert times(web, "/mcp") == 1


@pytest.mark.parametrize("kind", PATHS)
def test_an_object_that_its_list_lacks_stops_the_reading(web: ScriptedHttp, kind: str) -> None:
    shown = space("vlt_c", "Gamma") if kind == "Space" else SHOWN
    script(web, kind, Reply(json=shown))
    error = failure(web)
    assert isinstance(error, IncompleteRead)
    assert f"GET {LISTS[kind]} doesn't know" in error.message
    assert f"which GET {PATHS[kind]} shows" in error.message
    assert times(web, LISTS[kind]) == 2, "the lists are read once more, and no oftener"


@pytest.mark.parametrize("kind", PATHS)
@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (refused(404, "not_found"), "a 404 that isn't about"),
        (Reply(status=404, body=b"<html>", headers={"content-type": "text/html"}), "status 404"),
        (refused(500, "internal_server_error"), "the platform failed"),
        (Reply(json={}), "doesn't know"),
    ],
    ids=["of-another-kind", "of-a-proxy", "failure", "of-another-shape"],
)
def test_only_the_apis_own_404_of_that_kind_is_gone(
    web: ScriptedHttp, kind: str, reply: Reply, words: str
) -> None:
    script(web, kind, reply)
    with pytest.raises(ProviderError, match=words):
        read(web)


def test_an_object_that_the_list_shows_the_second_time_is_there(web: ScriptedHttp) -> None:
    script(web, "Space", Reply(json=space("vlt_c", "Gamma")))
    web.on(
        "GET",
        f"{ROOT}/spaces",
        Reply(json={"spaces": SPACES}),
        Reply(json={"spaces": [*SPACES, C]}),
    )
    found = read(web).find("Space", "vlt_c")
    assert found is not None
    assert found.spec["displayName"] == "Gamma"


def test_a_space_that_is_deleted_while_the_workspace_is_read_is_gone(web: ScriptedHttp) -> None:
    script(web, "Space", refused(404, "space_not_found"))
    web.on(
        "GET",
        f"{ROOT}/spaces",
        Reply(json={"spaces": [*SPACES, C]}),
        Reply(json={"spaces": SPACES}),
    )
    assert read(web).find("Space", "vlt_c") is None


def test_a_space_that_its_list_shows_and_itself_denies_stops_the_reading(
    web: ScriptedHttp,
) -> None:
    script(web, "Space", refused(404, "space_not_found"))
    web.on("GET", f"{ROOT}/spaces", Reply(json={"spaces": [*SPACES, C]}))
    error = failure(web)
    assert isinstance(error, IncompleteRead)
    assert "GET /spaces lists vlt_c, which GET /spaces/vlt_c doesn't find" in error.message


@pytest.mark.parametrize("shown", [True, False], ids=["in-the-system-space", "half-made"])
def test_a_server_that_its_list_shows_and_itself_denies_stops_the_reading(
    web: ScriptedHttp, shown: bool
) -> None:
    views: list[dict[str, Any]] = [view()]
    if shown:
        views.append(view("mcpsv_s2", "rms_2", name="Two"))
    script(web, "MCPServer", refused(404, "data_source_not_found"))
    web.on("GET", f"{ROOT}/mcp", Reply(json={"servers": [server(), server("rms_2", spaces=())]}))
    web.on("GET", f"{ROOT}/spaces/vlt_sys/mcp_views", Reply(json={"serverViews": views}))
    error = failure(web)
    assert isinstance(error, IncompleteRead)
    assert "GET /mcp lists rms_2, which GET /mcp/rms_2 doesn't find" in error.message


def test_a_server_deleted_while_the_workspace_is_read_is_gone(web: ScriptedHttp) -> None:
    script(web, "MCPServer", refused(404, "data_source_not_found"))
    lists = [{"servers": [server(), server("rms_2")]}, {"servers": [server()]}]
    web.on("GET", f"{ROOT}/mcp", *(Reply(json=each) for each in lists))
    assert set(read(web).resources["MCPServer"]) == {"rms_1"}


def test_a_list_that_lacks_more_than_can_be_asked_for_is_not_whole(
    web: ScriptedHttp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reconciler.providers.dust.reader.MOST_ASKED", 1)
    script_workspace(web)
    many = ReadRequest(owned={"MCPServer": frozenset({"rms_2", "rms_3"})}, titles={})
    found = snap(web.url, many)
    assert found.complete == {"Space"}
    assert times(web, "/mcp/rms_2") == times(web, "/mcp/rms_3") == 0
    assert absence.MOST_ASKED >= 100
