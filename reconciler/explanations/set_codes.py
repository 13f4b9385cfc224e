"""Rules about manifests together, and about the rules of an organisation's own."""

from collections.abc import Mapping

from reconciler.diagnostics import Code
from reconciler.explanations.examples import both, rule, server, space, workspace
from reconciler.explanations.model import Rule

_OURS = '      cel: resource.kind != "MCPServer" || resource.spec.url.startsWith("https://{}")\n'

SET_CODES: Mapping[Code, Rule] = {
    Code.DUPLICATE_ADDRESS: Rule(
        means="Two manifests have the same kind and name. The address `Kind/name` is the identity "
        "of a resource, so it stands for one manifest.",
        todo=("give one of the two another `metadata.name`, or remove it",),
        bad=both(server(), server()),
        good=both(server(), server(name="github-issues")),
    ),
    Code.DUPLICATE_WORKSPACE: Rule(
        means="The files hold two Workspaces, and nothing says which one is meant.",
        todo=("choose one with --workspace NAME", "or give the files of one workspace only"),
        bad=both(workspace(), workspace(name="other")),
        good=workspace(),
    ),
    Code.MISSING_WORKSPACE: Rule(
        means="No manifest says where the resources live, or none has the name that --workspace "
        "asks for.",
        todo=("add a manifest of the kind Workspace; `reconciler init` writes one to begin with",),
    ),
    Code.DANGLING_REFERENCE: Rule(
        means="`spaces` of a server names a Space that no manifest declares. Names are those of "
        "`metadata.name`, not the ones that people see.",
        todo=("correct the name, or declare the Space",),
        bad=both(space(), server("  spaces: [finence]\n")),
        good=both(space(), server("  spaces: [finance]\n")),
    ),
    Code.COMPANY_NOT_ALONE: Rule(
        means="`company` stands for the whole workspace. The platform takes a server out of all "
        "other spaces when it shares it with all, so the two can't be had together.",
        todo=("write `[company]` alone, or leave it out",),
        bad=both(space(), server("  spaces: [company, finance]\n")),
        good=both(space(), server("  spaces: [company]\n")),
    ),
    Code.NAME_CLASH: Rule(
        means="Two resources would have one display name, which the platform refuses. Names of "
        "spaces are the same in any letter case; without `displayName` a space has its "
        "`metadata.name`.",
        todo=("give one of the two another `displayName`",),
        bad=both(space(), space("  displayName: Finance\n", name="money")),
        good=both(space(), space("  displayName: Money\n", name="money")),
    ),
    Code.PREVIOUS_NAME_CLASH: Rule(
        means="`metadata.previously` names the resource itself, one that is still declared, or one "
        "that another manifest claims as well. It lists names that are gone, each for one "
        "resource.",
        todo=("remove the name from `previously`",),
        bad=server().replace("{name: github}", "{name: github, previously: [github]}"),
        good=server().replace("{name: github}", "{name: github, previously: [issues]}"),
    ),
    Code.POLICY_EXPRESSION: Rule(
        means="The expression of a rule in `policy` isn't CEL, knows no such name, or isn't true "
        "or false. A rule that can't be read holds for nothing, so nothing goes on.",
        todo=("mend the expression at the place shown",),
        bad=rule("      cel: resource.kind ==\n"),
        good=rule('      cel: resource.kind == "Space"\n'),
    ),
    Code.POLICY_SCHEMA: Rule(
        means="The schema of a rule in `policy` isn't a JSON Schema, or has a key that JSON Schema "
        "doesn't know: it would let everything through.",
        todo=("mend the key or the value at the place shown",),
        bad=rule("      schema: {propertys: {}}\n"),
        good=rule("      schema: {properties: {}}\n"),
    ),
    Code.POLICY_UNAVAILABLE: Rule(
        means="A rule is a CEL expression, and what evaluates CEL isn't installed here. A rule "
        "that can't be evaluated denies.",
        todo=("install the extra: `pip install 'reconciler[policy]'`",),
    ),
    Code.POLICY_DENIED: Rule(
        means="A rule of the workspace's own, with `action: deny`, doesn't hold for a resource or "
        "a change. The message is the rule's own.",
        todo=(
            "change the manifest so that the rule holds",
            "a rule with `overridable: true` gives way to `--allow policy:NAME`",
        ),
        bad=both(rule(_OURS.format("mcp.acme.example/")), server()),
        good=both(rule(_OURS.format("mcp.example.com/")), server()),
    ),
    Code.POLICY_WARNING: Rule(
        means="A rule with `action: warn` doesn't hold, or one that denies was overridden. The "
        "command goes on.",
        todo=("read the rule's message",),
        bad=both(
            rule(_OURS.format("mcp.acme.example/")).replace("deny", "warn"),
            server(),
        ),
        good=both(rule(_OURS.format("mcp.example.com/")).replace("deny", "warn"), server()),
    ),
}
