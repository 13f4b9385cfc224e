"""Something is down in the middle: the step is named, in bounded time, without a traceback."""

from pathlib import Path

import pytest

from tests.discovery.scenes import OPENID, RESOURCE, SERVER, ask, asked_elsewhere, found, run, told
from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider
from tests.parts.scripted_http import Fault, Reply, ScriptedHttp

STEPS = [(RESOURCE, "resource-metadata"), (SERVER, "authorization-server-metadata")]
FAULTS = {
    "reset": (Reply(fault="reset"), "can't be reached"),
    "hang-up": (Reply(fault="hang-up"), "can't be reached"),
    "truncated": (Reply(json={}, fault="truncate"), "can't be reached"),
    "HTTP 500": (Reply(status=500), "fails with HTTP 500"),
    "HTTP 503": (Reply(status=503), "fails with HTTP 503"),
    "HTTP 429": (Reply(status=429), "fails with HTTP 429"),
    "redirect": (Reply(status=307, headers={"Location": "/x"}), "redirects"),
    "web page": (Reply(body=b"<h1>Sorry</h1>"), "is no such metadata"),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(("path", "step"), STEPS)
def test_a_fault_names_its_step(hostile: ScriptedHttp, path: str, step: str, fault: str) -> None:
    reply, words = FAULTS[fault]
    hostile.on("GET", path, reply)
    finding = ask(hostile)
    (check,) = finding.failed
    assert (check.name, finding.mode, finding.auth) == (step, None, None)
    assert words in check.message
    assert step in finding.why
    assert asked_elsewhere(hostile) == []
    assert f"GET {OPENID}" not in hostile.calls(), "what is broken isn't looked for elsewhere"


@pytest.mark.parametrize("fault", ["silence", "drip"])
@pytest.mark.parametrize(("path", "step"), STEPS)
def test_waiting_ends_and_names_its_step(
    hostile: ScriptedHttp, tmp_path: Path, path: str, step: str, fault: Fault
) -> None:
    hostile.on("GET", path, Reply(json={}, fault=fault))
    done = run(tmp_path, f"{hostile.url}/mcp", "--timeout", "4", "--output", "json")
    facts = told(done)
    assert (done.code, facts["mode"], facts["reached"]) == (1, None, True)
    assert facts["checks"][-1]["name"] == step
    assert "no complete answer in 4 s" in facts["why"]
    assert step in facts["why"]


def test_a_real_authorization_server_that_is_down_is_told_and_found_again(tmp_path: Path) -> None:
    with (
        OidcProvider() as oidc,
        McpServer("crm", ["search"], issuer=oidc.issuer, scopes=["read"]) as server,
    ):
        oidc.stop()
        done = run(tmp_path, server.url)
        assert done.code == 1, str(done)
        assert "unusable" in done.out
        assert "✗ authorization-server-metadata" in done.out
        oidc.start()
        assert found(tmp_path, server.url)["mode"] == "automatic"


def test_a_real_server_that_goes_away_is_told(tmp_path: Path, oidc: OidcProvider) -> None:
    with McpServer("crm", ["search"], issuer=oidc.issuer, scopes=["read"]) as server:
        url = server.url
    facts = found(tmp_path, url)
    assert (facts["reached"], facts["why"]) == (False, "it can't be reached")
