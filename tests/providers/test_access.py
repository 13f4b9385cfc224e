"""Who may manage a workspace is asked before anything else."""

import pytest

from reconciler.providers import Caller, Forbidden
from tests.parts.sandbox_process import SandboxProcess
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.scenes import PROVIDER, connect, me, refused


def check(url: str, **more: str) -> Caller:
    with PROVIDER.reader(connect(url, **more)) as reader:
        return reader.check_access()


def refusal(web: ScriptedHttp, reply: Reply) -> Forbidden:
    web.on("GET", "/api/v1/me", reply)
    with pytest.raises(Forbidden) as caught:
        check(web.url)
    return caught.value


def test_an_administrator_may(web: ScriptedHttp) -> None:
    web.on("GET", "/api/v1/me", Reply(json=me()))
    assert check(web.url) == Caller(email="ana@acme.example", role="admin", workspace_name="Acme")


@pytest.mark.parametrize("role", ["builder", "manager", "user", "none"])
def test_another_role_is_refused_by_name(web: ScriptedHttp, role: str) -> None:
    error = refusal(web, Reply(json=me(role)))
    assert f"ana@acme.example has the role {role} in Acme" in error.message
    assert "administrator" in error.message


def test_a_workspace_that_is_not_theirs_lists_those_that_are(web: ScriptedHttp) -> None:
    error = refusal(web, Reply(json=me(workspace="other1")))
    assert f"not a member of the workspace w1 at {web.url}" in error.message
    assert "Acme (other1, admin)" in error.help[0]
    assert "region" in error.help[1]


def test_a_person_without_workspaces_is_told_so(web: ScriptedHttp) -> None:
    nobody = {"user": {"email": "ana@acme.example", "workspaces": []}}
    assert "without any workspace in this region" in refusal(web, Reply(json=nobody)).help[0]


def test_an_expired_token_says_to_sign_in_again(web: ScriptedHttp) -> None:
    error = refusal(web, refused(401, "expired_oauth_token_error"))
    assert error.message == "the access token has expired"
    assert "sign in again" in error.help[0]


def test_in_the_sandbox_only_the_administrator_may() -> None:
    with SandboxProcess() as sandbox:
        place = {"url": sandbox.url, "workspace": sandbox.workspace_id}
        assert check(**place, token=sandbox.tokens["admin"]).role == "admin"
        for role in ("builder", "user"):
            with pytest.raises(Forbidden, match=f"has the role {role}"):
                check(**place, token=sandbox.tokens[role])
        with pytest.raises(Forbidden, match="isn't accepted"):
            check(**place, token="nobody.at-all")
