"""Rules about one manifest: its envelope, its fields and their values."""

from collections.abc import Mapping

from reconciler.diagnostics import Code
from reconciler.explanations.examples import server, space
from reconciler.explanations.model import Rule

_BEARER = "  auth:\n    mode: bearer\n    token: "

SHAPE_CODES: Mapping[Code, Rule] = {
    Code.NOT_A_MANIFEST: Rule(
        means="A document has none of the keys of a manifest. A file that isn't one is an error, "
        "for a manifest that goes unread would be deleted in the workspace.",
        todo=("keep other YAML files out of the folder", "begin with apiVersion, kind, metadata"),
        bad="image:\n  tag: latest\n",
        good=server(),
    ),
    Code.UNKNOWN_API_VERSION: Rule(
        means="`apiVersion` isn't one that this version of the tool knows.",
        todo=("write `apiVersion: reconciler/v1`", "for a newer one, update reconciler"),
        bad=server().replace("/v1", "/v2"),
        good=server(),
    ),
    Code.UNKNOWN_KIND: Rule(
        means="There is no such kind. Kinds are spelled in capitals and small letters exactly.",
        todo=("`reconciler explain` lists the kinds",),
        bad=server().replace("MCPServer", "McpServer"),
        good=server(),
    ),
    Code.UNKNOWN_FIELD: Rule(
        means="A key isn't a field at this place: a typing mistake, or a field of another level. "
        "Unknown keys are never left out in silence.",
        todo=("`reconciler explain MCPServer.spec` lists the fields of a place",),
        bad=server("  authh: {mode: none}\n"),
        good=server("  auth: {mode: none}\n"),
    ),
    Code.MISSING_FIELD: Rule(
        means="A field that is required isn't there. The place shown is the nearest key above it.",
        todo=("add the field",),
        bad=server("  auth: {mode: bearer}\n"),
        good=server("  auth: {mode: bearer, token: {env: GITHUB_MCP_TOKEN}}\n"),
    ),
    Code.EMPTY_VALUE: Rule(
        means="A key has no value. That could mean none, or not managed, so it has to be said: an "
        "empty list (`[]`) or mapping (`{}`) means none; a field that is left out isn't managed.",
        todo=("write `[]` or `{}` for none, or remove the key",),
        bad=server("  spaces:\n"),
        good=server("  spaces: []\n"),
    ),
    Code.WRONG_TYPE: Rule(
        means="A value is of another type than the field: a text where a list belongs, a number "
        "where a text belongs. Nothing is converted by guessing.",
        todo=(
            "write the type that is expected; put quotes around a text that looks like a number",
        ),
        bad=server("  displayName: 42\n"),
        good=server('  displayName: "42"\n'),
    ),
    Code.INVALID_VALUE: Rule(
        means="A value is of the right type and breaks a rule of the field: not one of the words "
        "that are allowed, too long, out of range, or at odds with another field.",
        todo=("`reconciler explain KIND.field` tells what is allowed",),
        bad=space("  access: private\n"),
        good=space("  access: restricted\n"),
    ),
    Code.INVALID_URL: Rule(
        means="An address isn't one that can be used: https anywhere, plain http on this machine "
        "only, no user or password in it and no fragment.",
        todo=("write the whole address, with https://",),
        bad=server().replace("https://", "http://"),
        good=server(),
    ),
    Code.UNKNOWN_ICON: Rule(
        means="The platform has no icon of that name.",
        todo=("take one of the names that the message suggests",),
        bad=server("  icon: ActionGitbranchIcon\n"),
        good=server("  icon: ActionGitBranchIcon\n"),
    ),
    Code.UNKNOWN_STAKE: Rule(
        means="There is no such stake. A stake says how much asking a call of the tool needs.",
        todo=("write high, medium, low or never_ask",),
        bad=server("  tools: {search: {stake: never-ask}}\n"),
        good=server("  tools: {search: {stake: never_ask}}\n"),
    ),
    Code.LITERAL_SECRET: Rule(
        means="A value stands where a reference to a secret belongs, or looks like a credential; "
        "or a name does: of a header, a variable, a resource. Manifests are committed and "
        "reviewed, so no secret may be in one. The message doesn't repeat the value.",
        todo=(
            "write where the value is kept: {env: NAME}, {file: PATH}, {vault: MOUNT/PATH#KEY} …",
            "if it was committed, replace the secret itself: history keeps it",
        ),
        bad=server(f"{_BEARER}not-even-a-real-one\n"),
        good=server(f"{_BEARER}{{env: GITHUB_MCP_TOKEN}}\n"),
    ),
    Code.RESERVED_VARIABLE: Rule(
        means="A manifest names an environment variable that is the runner's, the forge's or a "
        "secret store's own. Who has its value acts as the job itself, and a manifest may send it "
        "to any server. An error in a pipeline, a warning at a desk.",
        todo=(
            "keep the server's secret in a variable of its own",
            "where it is meant, set RECONCILER_ALLOW_ENV=NAME,… in the environment of the run",
        ),
        bad=server(f"{_BEARER}{{env: GITHUB_TOKEN}}\n"),
        good=server(f"{_BEARER}{{env: GITHUB_MCP_TOKEN}}\n"),
    ),
}
