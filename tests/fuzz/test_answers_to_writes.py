"""Answers to writes that make no sense: done, or a failure that says who can act."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.providers import ConsentPending, Done, ProviderError, Run
from reconciler.providers.dust.writer import DustWriter
from reconciler.resources import Action, Address, Change
from reconciler.secrets import Secret
from reconciler.state import dump, parse
from tests.fuzz.mutating import ANY_BYTES, ANY_JSON, ODD_TEXT, mutated, often, text_of, tried
from tests.fuzz.test_states import FULL
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.parts.values import live_server, state, tool
from tests.providers.scenes import PROVIDER, ROOT, SPACES, change, connect, me, server, shown, space
from tests.providers.test_sign_in import FOUND, STATIC

URL = "https://mcp.acme.example/mcp"
OK = {"success": True}
ANSWERS: Mapping[tuple[str, str], Any] = {
    ("GET", "/api/v1/me"): me(),
    ("GET", f"{ROOT}/spaces"): {"spaces": SPACES},
    ("GET", f"{ROOT}/spaces/vlt_a"): space(),
    ("POST", f"{ROOT}/spaces"): {"space": {"sId": "vlt_a"}},
    ("PATCH", f"{ROOT}/spaces/vlt_a"): {"space": {"sId": "vlt_a"}},
    ("PATCH", f"{ROOT}/spaces/vlt_a/members"): {"space": {"sId": "vlt_a"}},
    ("DELETE", f"{ROOT}/spaces/vlt_a"): {"space": {"sId": "vlt_a"}},
    ("GET", f"{ROOT}/members"): {
        "members": [{"sId": "usr_1", "email": "ana@acme.example"}],
        "total": 1,
        "nextPageUrl": None,
    },
    ("GET", f"{ROOT}/groups"): {
        "groups": [{"sId": "grp_1", "name": "Finance team", "kind": "provisioned"}]
    },
    ("POST", f"{ROOT}/mcp"): {**OK, "server": {"sId": "rms_1"}},
    ("GET", f"{ROOT}/mcp/rms_1"): {
        "server": {
            **server(),
            "tools": [{"name": "search"}],
            "views": [
                {
                    "sId": "mcpsv_s1",
                    "spaceId": "vlt_sys",
                    "name": None,
                    "description": None,
                    "toolsMetadata": [],
                }
            ],
        }
    },
    ("PATCH", f"{ROOT}/mcp/rms_1"): OK,
    ("PATCH", f"{ROOT}/mcp/rms_1/tools"): OK,
    ("PATCH", f"{ROOT}/mcp/views/mcpsv_s1"): OK,
    ("PATCH", f"{ROOT}/mcp/views/mcpsv_rms_1"): OK,
    ("DELETE", f"{ROOT}/mcp/rms_1"): {"deleted": True},
    ("POST", f"{ROOT}/spaces/vlt_a/mcp_views"): OK,
    ("POST", f"{ROOT}/spaces/vlt_b/mcp_views"): OK,
    ("DELETE", f"{ROOT}/spaces/vlt_a/mcp_views/mcpsv_rms_1_vlt_a"): {"deleted": True},
    ("POST", f"{ROOT}/mcp/discover_oauth_metadata"): {
        "oauthRequired": True,
        "connectionMetadata": FOUND,
    },
    ("GET", f"{ROOT}/oauth/mcp/setup"): {"redirectUrl": "https://as.example/authorize?state=con_1"},
    ("GET", f"{ROOT}/oauth/mcp_static/setup"): {"redirectUrl": "https://as.example/?state=con_1"},
    ("GET", "/api/oauth/mcp/finalize"): {
        "connection": {"connection_id": "con_1", "status": "finalized"}
    },
}

BEARER: dict[str, Any] = {"mode": "bearer", "token": {"env": "T"}}
CHANGES: list[Change] = [
    change(
        "Space/a",
        Action.CREATE,
        spec={
            "displayName": "Alpha",
            "members": ["ana@acme.example"],
            "groups": ["Finance team"],
        },
    ),
    change(
        "Space/a",
        Action.UPDATE,
        spec={"displayName": "A", "groups": ["Finance team"]},
        fields=(shown(("displayName",), "a", "A"), shown(("groups",), None, frozenset())),
        remote_id="vlt_a",
    ),
    change("Space/a", Action.DELETE, remote_id="vlt_a"),
    change(
        "MCPServer/x",
        Action.CREATE,
        spec={
            "url": URL,
            "displayName": "Acme",
            "icon": "ActionCarIcon",
            "spaces": ["a"],
            "auth": BEARER,
            "tools": {"default": {"stake": "low"}},
        },
    ),
    change("MCPServer/x", Action.CREATE, spec={"url": URL, "auth": {"mode": "automatic"}}),
    change("MCPServer/x", Action.CREATE, spec={"url": URL, "auth": STATIC}),
    change(
        "MCPServer/x",
        Action.UPDATE,
        spec={"url": URL, "displayName": "New", "spaces": ["b"], "tools": {"s": {"stake": "low"}}},
        live=live_server("rms_1", {"spaces": ["vlt_a"], "tools": {"s": tool()}}),
        fields=(
            shown(("displayName",), "Old", "New"),
            shown(("tools", "s", "stake"), "high", "low"),
            shown(("spaces",), frozenset({"a"}), frozenset({"b"})),
        ),
    ),
    change("MCPServer/x", Action.DELETE, remote_id="rms_1"),
]
WAITED = FULL.consents[Address("MCPServer", "linear")]
CALLBACK = f"https://dust.tt/oauth/finalize?code=abc&state={WAITED.connection}"


class Platform:
    """A server that answers writes as it should, but for what a test changes."""

    def __init__(self, web: ScriptedHttp, writer: DustWriter) -> None:
        self.web = web
        self.writer = writer

    def spoil(self, call: tuple[str, str], reply: Reply) -> None:
        """Answer all calls well but one."""
        self.web.log.clear()
        for (method, path), answer in ANSWERS.items():
            self.web.on(method, path, Reply(json=answer))
        self.web.on(*call, reply)

    def carry_out(self, planned: Change) -> list[Done] | ProviderError:
        """Every operation of a change, until one fails."""
        return tried(lambda: list(self._steps(planned)), ProviderError)

    def _steps(self, planned: Change) -> Iterator[Done]:
        run = Run(
            remote_id=planned.remote_id,
            resolve=lambda address: f"vlt_{address.name}",
            secret=lambda _reference: Secret("a-secret-0123456789"),
        )
        for operation in PROVIDER.operations(planned):
            done = self.writer.perform(operation, planned, run)
            run.remote_id = done.remote_id or run.remote_id
            yield done

    def finish(self, callback: str) -> ProviderError | None:
        """Finish a sign-in."""
        return tried(lambda: self.writer.finish_sign_in(WAITED, callback), ProviderError)


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """One server and one session for all tests here."""
    with ScriptedHttp() as web:
        connection = connect(web.url, attempts=1, timeout=5)
        with PROVIDER.writer(connection) as writer:
            assert isinstance(writer, DustWriter)
            yield Platform(web, writer)


def remembered(pending: ConsentPending) -> None:
    """What waits for a person is found again in the state."""
    whole = state().ask(Address("MCPServer", "x"), pending.consent)
    assert parse(dump(whole), name="state.json") == whole


@pytest.mark.parametrize("planned", CHANGES, ids=lambda each: f"{each.action}-{each.address}")
def test_answers_that_nobody_changed_do(platform: Platform, planned: Change) -> None:
    platform.spoil(("GET", "/nowhere"), Reply())
    found = platform.carry_out(planned)
    if (planned.desired and planned.desired.spec.get("auth", BEARER)) not in (None, BEARER):
        assert isinstance(found, ConsentPending)
        remembered(found)
    else:
        assert isinstance(found, list)
    assert set(map(str, platform.web.log)) <= {" ".join(call) for call in ANSWERS}


REPLIES = st.one_of(
    ANY_JSON.map(lambda value: Reply(body=text_of(value).encode())),
    st.builds(Reply, status=st.sampled_from([200, 400, 403, 404, 409, 500]), body=ANY_BYTES),
)


@often(200)
@given(planned=st.sampled_from(CHANGES), call=st.sampled_from(sorted(ANSWERS)), data=st.data())
def test_a_write_whose_answers_were_changed_is_done_or_fails(
    platform: Platform, planned: Change, call: tuple[str, str], data: st.DataObject
) -> None:
    altered = mutated([ANSWERS[call]]).map(lambda value: Reply(body=text_of(value).encode()))
    platform.spoil(call, data.draw(altered | REPLIES))
    found = platform.carry_out(planned)
    if isinstance(found, ConsentPending):
        remembered(found)


@often(100)
@given(
    address=st.builds(lambda tail: CALLBACK + tail, ODD_TEXT) | ODD_TEXT | st.just(CALLBACK),
    reply=mutated([ANSWERS["GET", "/api/oauth/mcp/finalize"]]).map(
        lambda value: Reply(body=text_of(value).encode())
    ),
)
def test_any_address_that_is_pasted_finishes_a_sign_in_or_fails(
    platform: Platform, address: str, reply: Reply
) -> None:
    platform.spoil(("GET", f"/api/oauth/{WAITED.provider}/finalize"), reply)
    platform.finish(address)
