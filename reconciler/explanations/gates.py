"""The gates: what each holds back, and the way out."""

from collections.abc import Mapping

from reconciler.diagnostics import Code
from reconciler.explanations.examples import space, workspace
from reconciler.explanations.model import Hold
from reconciler.resources import Gate


def _transition(gate: str, holds_back: str, *ways_out: str) -> Hold:
    return Hold(
        holds_back=holds_back,
        ways_out=(*ways_out, "to let it through for good, name it in `guards.allow`"),
        allowed=True,
        good=workspace(f"  guards: {{allow: [{gate}]}}\n"),
    )


def _stop(holds_back: str, *ways_out: str) -> Hold:
    return Hold(holds_back=holds_back, ways_out=ways_out, allowed=False)


GATES: Mapping[Gate, Hold] = {
    Gate.PROTECTED: Hold(
        holds_back="Deleting or replacing what has `lifecycle: {protect: true}`, even after its "
        "manifest is gone.",
        ways_out=("apply `protect: false` first, as a change of its own",),
        allowed=False,
        good=space().replace("spec:", "lifecycle: {protect: false}\nspec:"),
    ),
    Gate.MAX_DELETES: Hold(
        holds_back="Deletes and replaces beyond `maxDeletes` or `maxDeleteFraction` in `guards` of "
        "the Workspace. All of them are held back, for nobody knows which were meant.",
        ways_out=("look for a folder that wasn't given", "delete less at a time"),
        allowed=True,
        good=workspace("  guards: {maxDeletes: 10, maxDeleteFraction: 0.5}\n"),
    ),
    Gate.NAME_TAKEN: _stop(
        "Creating what the workspace has already, under a name that the state doesn't own.",
        "own it with `reconciler adopt ADDRESS`",
        "or choose another `displayName`",
    ),
    Gate.UNKNOWN_MEMBER: _stop(
        "A space with a person whom the workspace doesn't know.",
        "invite the person, or remove the line",
    ),
    Gate.UNKNOWN_GROUP: _stop(
        "A space with a group that the workspace doesn't know, or has several of.",
        "correct the name, or create or rename the group",
    ),
    Gate.INCOMPLETE_READ: _stop(
        "Anything that would be decided on a list which wasn't read whole.",
        "try again",
    ),
    Gate.SUSPICIOUS_READ: Hold(
        holds_back="Creating and deleting when a list suddenly shows none of two or more owned "
        "objects, or lacks three or more of them and over half: it may be cut short, or another "
        "person's view.",
        ways_out=(
            "try again",
            "look whether the token is still an administrator's, of this workspace",
        ),
        allowed=True,
    ),
    Gate.AMBIGUOUS: _stop(
        "A resource that an interrupted run may have created: when several objects fit it, or one "
        "of which nothing says that this run made it; when none shows yet, and what was read may "
        "be older than that run; and when another resource is to be renamed to it.",
        "plan again a few minutes later: what doesn't show by then isn't there",
        "delete those that nobody needs in the workspace, or adopt the one that it is",
        "`reconciler forget` it, if you know that it isn't there",
    ),
    Gate.DEPENDENCY: _stop(
        "A change that needs another which is refused.",
        "see to the refused one; this one follows by itself",
    ),
    Gate.CYCLE: _stop(
        "Changes that wait for each other, such as two resources that swap their display names.",
        "to swap names, give one of them a third name first, apply, then the one you want",
        "to rename a resource, give its old name in `metadata.previously`",
    ),
    Gate.POLICY: _stop(
        "A resource or a change that a rule with `action: deny` in `policy` doesn't let through.",
        "change the manifest so that the rule holds",
        "a rule with `overridable: true` gives way to `--allow policy:NAME`",
    ),
    Gate.OPEN_SPACE: _transition(
        "open-space",
        "Opening a restricted space: everybody in the workspace sees what is in it.",
    ),
    Gate.COMPANY_WIDE: _transition(
        "company-wide",
        "Showing a server to the whole company, which deletes its views in other spaces: agents "
        "that use it there lose it.",
    ),
    Gate.SHARED_CREDENTIALS: _transition(
        "shared-credentials",
        "From personal to workspace credentials: agents act as whoever signed in for all.",
    ),
    Gate.BEARER_IN_OPEN_SPACE: _transition(
        "bearer-in-open-space",
        "A server with a bearer token, or a header with a secret, where everybody comes: all act "
        "as its one account. A header that no manifest manages counts, for its value can't be read "
        "back.",
        "show the server in restricted spaces only",
    ),
    Gate.WIDER_SCOPES: _transition(
        "wider-scopes",
        "Asking for more OAuth scopes than an existing server has.",
    ),
    Gate.LOWER_STAKE: _transition(
        "lower-stake",
        "Lowering a tool's stake: agents call it with less asking.",
    ),
    Gate.ENABLE_HIGH_STAKE: _transition(
        "enable-high-stake",
        "Enabling a tool whose stake is high.",
    ),
    Gate.REMOVE_SELF: _transition(
        "remove-self",
        "Taking the person whose access token is used out of a restricted space: from then on the "
        "space isn't seen with that token.",
    ),
    Gate.MIN_ADMINS: Hold(
        holds_back="Leaving a restricted space fewer of the workspace's administrators than "
        "`guards.minAdmins`. Those who come with a group aren't counted.",
        ways_out=("keep enough administrators among its `members`",),
        allowed=True,
        good=workspace("  guards: {minAdmins: 1}\n"),
    ),
}

CODES_OF_GATES: Mapping[Code, Gate] = {
    **{Code(gate.value): gate for gate in Gate if gate.value in set(Code)},
    Code.AMBIGUOUS_CREATION: Gate.AMBIGUOUS,
    Code.REFUSED_DEPENDENCY: Gate.DEPENDENCY,
    Code.DEPENDENCY_CYCLE: Gate.CYCLE,
    Code.POLICY_DENIED: Gate.POLICY,
}
"""The gate behind each code of a change that is held back."""
