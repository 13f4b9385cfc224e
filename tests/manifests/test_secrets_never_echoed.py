"""A secret that was pasted into a manifest is never repeated by what we say about it."""

import json
from pathlib import Path

import pytest

from reconciler.diagnostics import Code, render_json, render_text
from reconciler.manifests import load
from reconciler.manifests.credentials import may_be_secret
from tests.manifests.corpus import FINANCE, OAUTH, SERVER, WORKSPACE

_AUTH = "  auth: {mode: bearer, token: @@}\n"
_ONE = (
    "apiVersion: reconciler/v1\nkind: MCPServer\nmetadata: {name: x}\nspec:\n  url: https://a.b\n"
)

_PLANTS = {
    "token": _ONE + _AUTH,
    "token, block": _ONE + "  auth:\n    mode: bearer\n    token: @@ # @@\n",
    "token, folded": _ONE + "  auth:\n    mode: bearer\n    token: >-\n      @@\n      @@\n",
    "token, a typo beside it": _ONE + "  auth: {token: @@, mode: bearer, scope: [a]}\n",
    "token, wrong mode": _ONE + "  auth: {token: @@, mode: bearr}\n",
    "token, no mode": _ONE + "  auth: {token: @@}\n",
    "token, mistyped key": _ONE + "  auth: {mode: bearer, tokne: @@, icon: x}\n",
    "token, no space": _ONE + "  auth: {mode: bearer, token:@@}\n",
    "token, no space, block": _ONE + "  auth:\n    mode: bearer\n    token:@@\n",
    "token, no space, before another": _ONE + "  auth:\n    token:@@\n    mode: bearer\n",
    "token, in a list": _ONE + "  auth: {mode: bearer, token: [@@]}\n",
    "token, twice": _ONE + "  auth: {mode: bearer, token: @@, token: @@}\n",
    "token, tagged": _ONE + "  auth: {mode: bearer, token: !secret @@}\n",
    "token, open quote": _ONE + '  auth: {mode: bearer, token: "@@}\n',
    "token, open braces": _ONE + "  auth: {mode: bearer, token: @@\n",
    "token, colon": _ONE + "  auth:\n    mode: bearer\n    token: @@: x\n",
    "token, under a name": _ONE + "  auth: {mode: bearer, token: {envv: @@}}\n",
    "token, literal": _ONE + "  auth: {mode: bearer, token: {literal: @@}}\n",
    "token, as env": _ONE + "  auth: {mode: bearer, token: {env: '@@!'}}\n",
    "token, as env, a typo beside it": _ONE
    + "  auth: {mode: bearer, token: {env: '@@!', x: 1}, foo: 2}\n",
    "token, as vault": _ONE + "  auth: {mode: bearer, token: {vault: @@}}\n",
    "token, as key": _ONE + "  auth: {mode: bearer, token: {'@@ ': x}}\n",
    "token, over two lines": _ONE + '  auth: {token: "\n mode: @@", mode: bearer, foo: 1}\n',
    "token, as key of a mapping": _ONE + "  auth: {ghp_@@: {envv: x}, mode: bearer, foo: 1}\n",
    "token, in braces": _ONE + "  auth: {mode: bearer, token: {@@}}\n",
    "token, in double braces": _ONE + "  auth: {mode: bearer, token: {{ @@ }}}\n",
    "token, without its key": _ONE + "  auth: {mode: bearer, @@}\n",
    "token, without its key, before another": _ONE + "  auth: {mode: none, @@, foo: 1}\n",
    "token, under an anchor": _ONE + "  auth: {mode: bearer, &a : @@}*a  x: y\n",
    "header, in braces": _ONE + "  headers: {X-Key: {@@}}\n",
    "header, without its key": _ONE + "  headers: {@@}\n",
    "access token, in braces": WORKSPACE.replace("{env: DUST_ACCESS_TOKEN}", "{@@}"),
    "auth": _ONE + "  auth: @@\n",
    "auth, list": _ONE + "  auth: [@@]\n",
    "headers": _ONE + "  headers: @@\n",
    "headers, list": _ONE + "  headers: ['X-Key: @@']\n",
    "header": _ONE + "  headers: {X-Key: @@}\n",
    "header, no space": _ONE + "  headers: {X-Key:@@}\n",
    "header, beside a bad one": _ONE + "  headers: {X-Key: @@, Host: {literal: a}}\n",
    "header, an alias": _ONE + "  headers: {X-Key: &k @@, X-B: *k}\n",
    "header, list": _ONE + "  headers: {X-Key: [@@]}\n",
    "header, null beside it": _ONE + "  headers: {X-Key: @@, X-B: }\n",
    "header, credential": _ONE + "  headers: {X-Key: {literal: ghp_@@}}\n",
    "header, bearer": _ONE + "  headers: {X-Key: {literal: Bearer @@}}\n",
    "header, authorization": _ONE + "  headers: {Authorization: @@}\n",
    "header, whole line": _ONE + "  headers:\n    'Authorization: Bearer @@': x\n",
    "client id": SERVER + OAUTH.replace("demo", "sk-@@"),
    "client secret": SERVER + OAUTH + "    clientSecret: @@\n",
    "client secret, none": SERVER
    + OAUTH
    + "    tokenEndpointAuthMethod: none\n    clientSecret: @@\n",
    "url, user": SERVER.replace("https://", "https://user:@@@"),
    "url, user, bad scheme": SERVER.replace("https://", "ftp://user:@@@"),
    "url, query": SERVER.replace("/mcp\n", "/mcp?key=sk-@@\n"),
    "url, query, bad": SERVER.replace("https:", "http:").replace("/mcp\n", "/mcp?key=@@\n"),
    "url, fragment": SERVER.replace("/mcp\n", "/mcp#@@\n"),
    "endpoint": SERVER + OAUTH.replace("https://mcp.example.com/token", "https://@@@x.example/"),
    "access token": WORKSPACE.replace("{env: DUST_ACCESS_TOKEN}", "@@"),
    "credentials": WORKSPACE.replace("\n    accessToken: {env: DUST_ACCESS_TOKEN}", " @@"),
    "credentials, flow": WORKSPACE[: WORKSPACE.index("spec:")]
    + "spec: {credentials: @@, provider: dst, workspaceId: x, region: eu}\n",
    "unknown field": _ONE + "  apiKey: @@\n",
    "unknown field, at the top": "password: @@\n" + _ONE,
    "unknown field, before another": _ONE + "  auth: {mode: none, apiKey: @@, x: 1}\n",
    "another kind": "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\ndata: {key: @@}\n",
    "not a manifest": "key: @@\n",
    "not a mapping": "- @@\n",
    "only a text": "@@\n",
    "tool settings": _ONE + "  tools: {search: @@}\n",
    "a credential in a text": _ONE + "  description: use ghp_@@0123456789abcdef, please\n",
    "a comment": _ONE + "  icon: Nope # @@\n",
    "a comment before": _ONE + "  # @@\n  spaces: [a, b # @@\n  , 5]\n",
    "state, in its url": WORKSPACE + "  state: {url: postgresql://ana:@@@db.example/x}\n",
    "state, in its url, a typo beside it": WORKSPACE
    + "  state: {url: https://ana:@@@git.example/x, pth: 1}\n",
    "state, in its query": WORKSPACE + "  state: {url: 's3://a/b?secret_access_key=@@'}\n",
    "state, password": WORKSPACE + "  state: {url: s3://a/b, credentials: {password: @@}}\n",
    "state, credentials": WORKSPACE + "  state: {url: s3://a/b, credentials: @@}\n",
    "state, key": WORKSPACE + "  state: {encryption: {key: @@}}\n",
    "state, previous key": WORKSPACE + "  state: {encryption: {previousKey: {envv: @@}}}\n",
    "state, encryption": WORKSPACE + "  state: {encryption: @@}\n",
    "after the file's end": WORKSPACE + "...\n@@\n",
}
_CANARY = "CANARY7f3a91"


@pytest.mark.parametrize("name", _PLANTS)
def test_a_planted_secret_is_in_no_output(
    name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text = _PLANTS[name].replace("@@", _CANARY)
    assert _CANARY in text
    path = tmp_path / "case.yaml"
    path.write_text(text)
    (tmp_path / "others.yaml").write_text(FINANCE if "Workspace" in text else WORKSPACE)
    loaded = load([tmp_path])
    assert loaded.desired is None
    assert _CANARY not in render_text(loaded.diagnostics)
    assert _CANARY not in json.dumps(render_json(loaded.diagnostics))
    assert _CANARY not in repr(loaded)
    assert _CANARY not in "".join(capfd.readouterr())


def test_an_excerpt_may_show_what_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(_ONE + "  tools: {search: {stake: hihg, enabled: true}}\n")
    assert "  tools: {search: {stake: hihg\n" in render_text(load([tmp_path]).diagnostics)


_META = "apiVersion: reconciler/v1\nkind: MCPServer\nmetadata: {@@}\nspec:\n  url: https://a.b\n"
_AS_NAMES = {
    "header": _ONE + "  headers: {@@: {env: A}}\n",
    "header, twice": _ONE + "  headers: {@@: {env: A}, @@: {env: B}}\n",
    "key of auth": _ONE + "  auth: {mode: bearer, @@: {env: A}}\n",
    "key of auth, block": _ONE + "  auth:\n    mode: none\n    @@: x\n",
    "key of a reference": _ONE + "  auth: {mode: bearer, token: {@@: x}}\n",
    "variable": _ONE + "  auth: {mode: bearer, token: {env: @@}}\n",
    "file": _ONE + "  auth: {mode: bearer, token: {file: @@}}\n",
    "path in Vault": _ONE + "  auth: {mode: bearer, token: {vault: 'secret/@@#a'}}\n",
    "key in Vault": _ONE + "  auth: {mode: bearer, token: {vault: 'secret/a#@@'}}\n",
    "mount of Vault": _ONE + "  auth: {mode: bearer, token: {vault: @@}}\n",
    "key of spec": _ONE + "  @@: 1\n",
    "key of metadata": _META.replace("@@", "name: x, @@: y"),
    "name": _META.replace("@@", "name: @@") + "  iconn: x\n",
    "previous name": _META.replace("@@", "name: x, previously: [@@]"),
    "kind": _ONE.replace("MCPServer", "@@"),
    "version": _ONE.replace("reconciler/v1", "@@"),
    "stake": _ONE + "  tools: {search: {stake: @@}}\n",
    "key of a tool": _ONE + "  tools: {search: {@@: low}}\n",
    "mode": _ONE + "  auth: {mode: @@}\n",
    "icon": _ONE + "  icon: @@\n",
    "space": _ONE + "  spaces: [@@]\n",
    "ignored field": _ONE + "lifecycle: {ignoreChanges: [headers.@@]}\n",
    "suggested field": _ONE + "  headers: {@@: {env: A}}\nlifecycle: {ignoreChanges: [headers]}\n",
    "variable of the state": WORKSPACE + "  state: {url: s3://a/b, fingerprintKey: {env: @@}}\n",
    "access token": WORKSPACE.replace("DUST_ACCESS_TOKEN", "@@"),
}
_TOKENS = {
    "of GitHub": "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "hexadecimal": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
    "base64": "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4",
}


@pytest.mark.parametrize("kind", _TOKENS)
@pytest.mark.parametrize("place", _AS_NAMES)
def test_a_token_one_place_off_is_refused_and_in_no_output(
    place: str, kind: str, tmp_path: Path
) -> None:
    token = _TOKENS[kind]
    (tmp_path / "case.yaml").write_text(_AS_NAMES[place].replace("@@", token))
    (tmp_path / "others.yaml").write_text(
        FINANCE if "kind: Workspace" in _AS_NAMES[place] else WORKSPACE
    )
    loaded = load([tmp_path])
    assert loaded.diagnostics.errors
    told = (
        render_text(loaded.diagnostics) + json.dumps(render_json(loaded.diagnostics)) + repr(loaded)
    )
    assert token not in told
    assert token.casefold() not in told.casefold()


@pytest.mark.parametrize(
    "name",
    [
        "GITHUB_MCP_TOKEN",
        "X-Amz-Content-Sha256",
        "listAllRepositoriesV2ForUser",
        "/run/secrets/github-token-2024",
        "projects/acme-platform-1234567890/secrets/github",
        "client-0123456789-of-the-second-region",
    ],
)
def test_a_name_is_no_secret_however_long(name: str) -> None:
    assert not may_be_secret(name)


@pytest.mark.parametrize(
    "reference",
    [
        "{azure: acme-tools/github/0123456789abcdef0123456789abcdef}",
        '{op: "op://7q2n4xk5m3v8b6c1z9d0f2g4h6/a3s5d7f9g1h2j4k6l8z0x2c4v6/token"}',
    ],
)
def test_ids_that_a_store_drew_are_no_secrets(tmp_path: Path, reference: str) -> None:
    path = tmp_path / "a.yaml"
    path.write_text(
        "apiVersion: reconciler/v1\nkind: MCPServer\nmetadata: {name: a}\nspec:\n"
        f"  url: https://a.example/mcp\n  auth: {{mode: bearer, token: {reference}}}\n"
    )
    codes = [fault.code for fault in load([path]).diagnostics.items]
    assert Code.LITERAL_SECRET not in codes
