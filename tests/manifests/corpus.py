"""Manifests with one fault each, and whether JSON Schema can say so too."""

from dataclasses import dataclass
from pathlib import Path

GOOD = Path(__file__).parent / "good"

WORKSPACE = """\
apiVersion: reconciler/v1
kind: Workspace
metadata: {name: acme}
spec:
  provider: dust
  workspaceId: 0ec9852c2f
  region: eu
  credentials:
    accessToken: {env: DUST_ACCESS_TOKEN}
"""
SPACE = """\
apiVersion: reconciler/v1
kind: Space
metadata: {name: finance}
spec:
"""
SERVER = """\
apiVersion: reconciler/v1
kind: MCPServer
metadata: {name: github}
spec:
  url: https://mcp.example.com/mcp
"""
OAUTH = """\
  auth:
    mode: static-oauth
    clientId: demo
    authorizationEndpoint: https://mcp.example.com/authorize
    tokenEndpoint: https://mcp.example.com/token
"""


POLICY = """\
  policy:
    - name: ours
      on: resource
      action: deny
      message: only ours
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One file with one fault; `code` is what it gets."""

    name: str
    code: str
    text: str
    in_schema: bool = True


def _server(name: str, code: str, lines: str, *, in_schema: bool = True) -> Case:
    return Case(name, code, SERVER + lines, in_schema)


def _space(name: str, code: str, lines: str, *, in_schema: bool = True) -> Case:
    return Case(name, code, SPACE + lines, in_schema)


def _rule(name: str, code: str, lines: str, *, in_schema: bool = True) -> Case:
    """A policy of one rule, or more: `lines` follow its name."""
    return Case(f"policy-{name}", code, WORKSPACE + POLICY + lines, in_schema)


def _url(name: str, url: str, *, code: str = "invalid-url", in_schema: bool = True) -> Case:
    text = SERVER.replace("https://mcp.example.com/mcp", url)
    return Case(f"url-{name}", code, text, in_schema)


YAML = (
    Case("yaml-colon", "yaml-syntax", SERVER + "  description: Issues: all of them\n"),
    Case("yaml-tab", "yaml-syntax", SERVER + "\tdescription: x\n"),
    Case("yaml-open-list", "yaml-syntax", SERVER + "  spaces: [finance\n"),
    Case("yaml-open-quote", "yaml-syntax", SERVER + '  description: "Issues\n'),
    Case("yaml-no-space", "yaml-syntax", SERVER + "  auth:\n    mode:none\n    token: x\n"),
    Case("yaml-tag", "yaml-tag", SERVER + "  description: !secret x\n"),
    Case("yaml-python-tag", "yaml-tag", SERVER + "  tools: !!python/object:os.system {}\n"),
    Case("yaml-depth", "yaml-depth", SERVER + "  tools: " + "[" * 500),
    Case("yaml-depth-block", "yaml-depth", "- " * 50_000),
    Case("yaml-unknown-alias", "yaml-aliases", SERVER + "  description: *nothing\n"),
    Case("yaml-alias-in-itself", "yaml-aliases", SERVER + "  tools: &a {x: *a}\n"),
    Case(
        "yaml-alias-bomb",
        "yaml-aliases",
        "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)),
    ),
    Case(
        "yaml-alias-depth",
        "yaml-depth",
        "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}]\n" for n in range(1, 200)),
    ),
    Case("duplicate-key", "duplicate-key", SERVER + "  icon: ActionCubeIcon\n  icon: x\n"),
    Case("key-number", "wrong-type", SERVER + "  tools:\n    404: {stake: low}\n"),
    Case("key-collection", "wrong-type", SERVER + "  tools:\n    ? [a]\n    : {stake: low}\n"),
    Case("merge-key", "unknown-field", SERVER + "  <<: {icon: ActionCubeIcon}\n"),
    Case("not-a-mapping", "not-a-manifest", "- apiVersion: reconciler/v1\n"),
    Case("not-a-manifest", "not-a-manifest", "image:\n  tag: latest\n"),
)

SHAPE = (
    Case("api-version", "unknown-api-version", SERVER.replace("/v1", "/v2")),
    Case("api-version-missing", "missing-field", SERVER.replace("apiVersion: reconciler/v1\n", "")),
    Case("kind-unknown", "unknown-kind", SERVER.replace("MCPServer", "McpServer")),
    Case("kind-missing", "missing-field", SERVER.replace("kind: MCPServer\n", "")),
    Case("metadata-missing", "missing-field", SERVER.replace("metadata: {name: github}\n", "")),
    Case("name-capital", "invalid-value", SERVER.replace("github", "GitHub")),
    Case("spec-missing", "missing-field", SPACE.replace("spec:\n", "")),
    Case("spec-empty", "empty-value", SPACE),
    _server("field-typo", "unknown-field", "  authh:\n    mode: none\n"),
    Case("field-outside-spec", "unknown-field", "icon: ActionCubeIcon\n" + SERVER),
    _server("field-of-lifecycle", "unknown-field", "  protect: true\n"),
    _server("field-of-auth", "unknown-field", "  scopes: [repo]\n"),
    _server("field-of-other-mode", "unknown-field", "  auth: {mode: none, token: {env: A}}\n"),
    _server("field-no-space", "unknown-field", "  auth: {mode: none, scopes:repo}\n"),
    Case(
        "url-missing", "missing-field", SERVER[: SERVER.index("  url")] + "  icon: ActionCubeIcon\n"
    ),
    _server("token-missing", "missing-field", "  auth: {mode: bearer}\n"),
    _server("mode-missing", "missing-field", "  auth: {}\n"),
    _server("mode-unknown", "invalid-value", "  auth: {mode: static_oauth}\n"),
    _server("null-list", "empty-value", "  spaces:\n"),
    _server("null-text", "empty-value", "  description:\n"),
    _server("null-map", "empty-value", "  headers: ~\n"),
    _space("null-item", "empty-value", "  members: [ana@acme.example, ]\n  groups: [~]\n"),
    _server("text-number", "wrong-type", "  displayName: 42\n"),
    _server("text-list", "wrong-type", "  spaces: finance\n"),
    _server("boolean-yes", "wrong-type", "  tools: {search: {enabled: yes}}\n"),
    _server("mapping-list", "wrong-type", "  tools: [search]\n"),
    _server("settings-text", "wrong-type", "  tools: {search: high}\n"),
    _server("icon", "unknown-icon", "  icon: ActionGitbranchIcon\n"),
    _server("icon-short", "unknown-icon", "  icon: git-branch\n"),
    _server("stake", "unknown-stake", "  tools: {search: {stake: never-ask}}\n"),
    _server("title-space", "invalid-value", "  displayName: 'GitHub '\n"),
    _server("title-long", "invalid-value", f"  displayName: {'x' * 256}\n"),
    _space("access", "invalid-value", "  access: private\n"),
    _space("email", "invalid-value", "  members: [ana]\n"),
    _server("scope-quote", "invalid-value", "  auth: {mode: automatic, scopes: ['a\"b']}\n"),
    Case(
        "ignore-unknown",
        "invalid-value",
        SERVER + "lifecycle: {ignoreChanges: [descripton]}\n",
    ),
    Case("region-and-url", "invalid-value", WORKSPACE + "  url: https://dust.example\n"),
    Case("region-missing", "invalid-value", WORKSPACE.replace("  region: eu\n", "")),
    Case("guard-range", "invalid-value", WORKSPACE + "  guards: {maxDeleteFraction: 25}\n"),
    Case("guard-type", "wrong-type", WORKSPACE + "  guards: {maxDeletes: '5'}\n"),
    Case("workspace-id-number", "wrong-type", WORKSPACE.replace("0ec9852c2f", "0123456")),
)

URLS = (
    _url("http", "http://mcp.example.com/mcp"),
    _url("no-scheme", "mcp.example.com/mcp"),
    _url("scheme", "ftp://mcp.example.com"),
    _url("capitals", "HTTPS://mcp.example.com"),
    _url("fragment", "https://mcp.example.com/mcp#top"),
    _url("no-host", "https:///mcp"),
    _url("port", "https://mcp.example.com:99999/mcp", in_schema=False),
    _url("port-text", "https://mcp.example.com:http/mcp"),
    _url("space", "'https://mcp.example.com/a b'"),
    _url("long", f"https://mcp.example.com/{'x' * 2048}"),
    _url("credentials", "https://user:CANARY@mcp.example.com/mcp", code="literal-secret"),
    _url(
        "query-credential",
        "https://mcp.example.com/mcp?key=sk-CANARY00",
        code="literal-secret",
        in_schema=False,
    ),
)

SECRETS = (
    _server("secret-token", "literal-secret", "  auth:\n    mode: bearer\n    token: CANARY\n"),
    _server("secret-token-flow", "literal-secret", "  auth: {mode: bearer, token: CANARY}\n"),
    _server("secret-header", "literal-secret", "  headers:\n    X-Key: CANARY\n"),
    _server("secret-literal", "literal-secret", "  headers: {X-Key: {literal: ghp_CANARY}}\n"),
    _server("secret-bearer", "literal-secret", "  headers: {X-Key: {literal: Bearer CANARY}}\n"),
    _server("secret-env", "literal-secret", "  headers: {X-Key: {env: ghp_CANARY}}\n"),
    _server("secret-env-shape", "invalid-value", "  headers: {X-Key: {env: CANARY-x!}}\n"),
    _server("secret-vault-shape", "invalid-value", "  headers: {X-Key: {vault: CANARY}}\n"),
    _server("secret-aws-shape", "invalid-value", "  headers: {X-Key: {aws: 'CANARY!?#a b'}}\n"),
    _server("secret-gcp-shape", "invalid-value", "  headers: {X-Key: {gcp: CANARY}}\n"),
    _server(
        "secret-azure-shape",
        "invalid-value",
        "  headers: {X-Key: {azure: 'https://CANARY.example/secrets/a'}}\n",
    ),
    _server("secret-op-shape", "invalid-value", "  headers: {X-Key: {op: CANARY/item/field}}\n"),
    _server("secret-sops-shape", "invalid-value", "  headers: {X-Key: {sops: CANARY.yaml}}\n"),
    _server("secret-plugin-shape", "invalid-value", "  headers: {X-Key: {plugin: CANARY}}\n"),
    _server("secret-plugin-pasted", "literal-secret", "  headers: {X: {plugin: ghp_CANARY}}\n"),
    Case(
        "secret-client-id",
        "literal-secret",
        SERVER + OAUTH.replace("demo", "sk-CANARY"),
    ),
    Case("secret-client-secret", "literal-secret", SERVER + OAUTH + "    clientSecret: CANARY\n"),
    Case(
        "secret-access-token",
        "literal-secret",
        WORKSPACE.replace("{env: DUST_ACCESS_TOKEN}", "CANARY"),
    ),
    _server(
        "secret-in-text",
        "literal-secret",
        "  description: use ghp_CANARY0123456789abcdef\n",
        in_schema=False,
    ),
    _server("reference-typo", "unknown-field", "  auth: {mode: bearer, token: {envv: A}}\n"),
    _server("reference-other-name", "unknown-field", "  headers: {X: {1password: 'op://a/b/c'}}\n"),
    _server("reference-two", "invalid-value", "  headers: {X: {env: A, file: b}}\n"),
    _server("reference-empty", "invalid-value", "  headers: {X: {}}\n"),
    _server(
        "reference-literal", "unknown-field", "  auth: {mode: bearer, token: {literal: CANARY}}\n"
    ),
    _server("reference-number", "wrong-type", "  headers: {X: 5}\n"),
)

RULES = (
    _server("company-not-alone", "company-not-alone", "  spaces: [company, finance]\n"),
    _server("repeated-space", "invalid-value", "  spaces: [company, company]\n"),
    _space("repeated-member", "invalid-value", "  members: [a@b.cd, A@b.cd]\n", in_schema=False),
    Case(
        "space-company", "invalid-value", SPACE.replace("finance", "company") + "  access: open\n"
    ),
    _server("header-authorization", "invalid-value", "  headers: {Authorization: {env: A}}\n"),
    _server("header-host", "invalid-value", "  headers: {HOST: {literal: a}}\n"),
    _server("header-hop", "invalid-value", "  headers: {Transfer-Encoding: {literal: a}}\n"),
    _server("header-mcp", "invalid-value", "  headers: {mcp-session-id: {literal: a}}\n"),
    _server("header-name", "invalid-value", "  headers: {'X Key': {literal: a}}\n"),
    _server(
        "header-twice",
        "duplicate-key",
        "  headers:\n    X-Team: {literal: a}\n    x-team: {literal: b}\n",
        in_schema=False,
    ),
    Case(
        "oauth-none-secret",
        "invalid-value",
        SERVER + OAUTH + "    tokenEndpointAuthMethod: none\n    clientSecret: {env: A}\n",
    ),
    Case(
        "oauth-basic-no-secret",
        "missing-field",
        SERVER + OAUTH + "    tokenEndpointAuthMethod: client_secret_basic\n",
    ),
)

SETS = (
    Case("duplicate-address", "duplicate-address", SERVER + "---\n" + SERVER, in_schema=False),
    _server("dangling-space", "dangling-reference", "  spaces: [finence]\n", in_schema=False),
    Case(
        "server-title-clash",
        "name-clash",
        SERVER
        + "  displayName: GitHub\n---\n"
        + SERVER.replace("github", "github-2")
        + "  displayName: GitHub\n",
        in_schema=False,
    ),
    Case(
        "space-title-clash",
        "name-clash",
        SPACE
        + "  access: open\n---\n"
        + SPACE.replace("finance", "money")
        + "  displayName: FINANCE\n",
        in_schema=False,
    ),
    Case(
        "previously-itself",
        "previous-name-clash",
        SERVER.replace("{name: github}", "{name: github, previously: [github]}"),
        in_schema=False,
    ),
    Case(
        "previously-existing",
        "previous-name-clash",
        SERVER.replace("{name: github}", "{name: github, previously: [gitlab]}")
        + "---\n"
        + SERVER.replace("github", "gitlab"),
        in_schema=False,
    ),
    Case(
        "previously-twice",
        "previous-name-clash",
        SERVER.replace("{name: github}", "{name: github, previously: [old]}")
        + "---\n"
        + SERVER.replace("{name: github}", "{name: gitlab, previously: [old]}"),
        in_schema=False,
    ),
    Case(
        "workspace-twice",
        "duplicate-workspace",
        WORKSPACE + "---\n" + WORKSPACE.replace("acme", "other"),
        in_schema=False,
    ),
)

FINANCE = SPACE + "  access: restricted\n"
POLICIES = (
    _rule("no-test", "invalid-value", ""),
    _rule("two-tests", "invalid-value", '      cel: "true"\n      schema: {}\n'),
    _rule("no-kinds", "invalid-value", '      kinds: []\n      cel: "true"\n'),
    _rule("kind", "invalid-value", '      kinds: [MCPserver]\n      cel: "true"\n'),
    _rule("overridable", "wrong-type", '      cel: "true"\n      overridable: yes\n'),
    _rule("long", "invalid-value", f'      cel: "{"true || " * 300}true"\n'),
    _rule(
        "same-name",
        "invalid-value",
        """\
      cel: "true"
    - name: ours
      on: change
      action: warn
      message: again
      cel: change.action != "delete"
""",
        in_schema=False,
    ),
    _rule("cel-syntax", "policy-expression", "      cel: resource.kind ==\n", in_schema=False),
    _rule(
        "cel-quoted",
        "policy-expression",
        """      cel: 'resource.kind == "Space" && spec.access == "open"'\n""",
        in_schema=False,
    ),
    _rule(
        "cel-block",
        "policy-expression",
        """\
      cel: |
        // only our own hosts
        has(resource.spec.url) &&
          resource.spec.url.beginsWith("https://acme.com/")
""",
        in_schema=False,
    ),
    _rule(
        "cel-folded",
        "policy-expression",
        """\
      cel: >-
        has(resource.spec.url) &&
        resource.spec.url.beginsWith("https://acme.com/")
""",
        in_schema=False,
    ),
    _rule("cel-number", "policy-expression", "      cel: 1 + 1\n", in_schema=False),
    _rule(
        "cel-growth",
        "policy-expression",
        """      cel: '[resource.name].map(a, a + a).size() == 1'\n""",
        in_schema=False,
    ),
    _rule(
        "schema-keyword",
        "policy-schema",
        "      schema:\n        propertys: {spec: {required: [auth]}}\n",
        in_schema=False,
    ),
    _rule(
        "schema-value",
        "policy-schema",
        "      schema:\n        properties: {spec: {type: mapping}}\n",
        in_schema=False,
    ),
)
STATES = tuple(
    Case(f"state-{name}", code, f"{WORKSPACE}  state: {state}\n", in_schema=in_schema)
    for name, code, state, in_schema in (
        ("two-places", "invalid-value", "{path: a.json, url: s3://acme/a.json}", True),
        ("credentials-of-a-file", "invalid-value", "{credentials: {username: ana}}", True),
        ("no-key", "invalid-value", "{encryption: {}}", True),
        ("scheme", "invalid-url", "{url: ftp://files.example/acme.json}", True),
        ("no-bucket", "invalid-url", "{url: 's3:///acme.json'}", True),
        ("query", "invalid-url", "{url: 's3://acme/a.json?zone=eu'}", False),
        ("endpoint", "invalid-url", "{url: 's3://acme/a?endpoint=http://minio.example'}", False),
        ("plain-http", "invalid-url", "{url: http://git.example/state/acme}", True),
        ("fragment", "invalid-url", "{url: https://git.example/state/acme#lock}", True),
        ("password", "literal-secret", "{url: postgresql://ana:CANARY@db.example/x}", True),
        ("user", "literal-secret", "{url: https://ana:CANARY@git.example/state}", True),
        ("query-password", "literal-secret", "{url: 'postgres://d/x?password=CANARY'}", False),
        (
            "password-in-place",
            "literal-secret",
            "{url: https://git.example/state, credentials: {password: CANARY}}",
            True,
        ),
        ("key-in-place", "literal-secret", "{encryption: {key: CANARY}}", True),
        (
            "access-key",
            "literal-secret",
            "{url: s3://acme/a, credentials: {username: AKIAABCDEFGHIJKLMNOP}}",
            True,
        ),
    )
)
_CREDENTIALS = WORKSPACE.index("    accessToken")
SESSIONS = tuple(
    Case(
        f"session-{name}",
        code,
        f"{WORKSPACE[:_CREDENTIALS]}{more}    session: {session}\n",
        in_schema=in_schema,
    )
    for name, code, session, more, in_schema in (
        ("two-places", "invalid-value", '{vault: "a/b#c", beside: state, key: {env: K}}', "", True),
        ("no-place", "invalid-value", "{key: {env: KEY}}", "", True),
        ("no-key", "missing-field", "{beside: state}", "", False),
        ("key-in-vault", "invalid-value", '{vault: "a/b#c", key: {env: KEY}}', "", True),
        ("elsewhere", "invalid-value", "{beside: here, key: {env: KEY}}", "", True),
        ("no-path", "invalid-value", '{vault: "secret/ci/dust"}', "", True),
        ("key-in-place", "literal-secret", "{beside: state, key: CANARY}", "", True),
        ("pasted", "literal-secret", '{vault: "hvs.CANARY/a#b"}', "", False),
        (
            "and-token",
            "invalid-value",
            '{vault: "a/b#c"}',
            WORKSPACE[_CREDENTIALS:],
            True,
        ),
    )
)
ALL = (*YAML, *SHAPE, *URLS, *SECRETS, *RULES, *SETS, *POLICIES, *STATES, *SESSIONS)


def beside(case: Case) -> str:
    """The manifests that the case's file needs beside it."""
    parts = [] if "kind: Workspace" in case.text else [WORKSPACE]
    if "kind: Space\n" not in case.text:
        parts.append(FINANCE)
    return "---\n".join(parts)
