"""Rules about what is outside of the manifests: secrets, the workspace, what can be adopted."""

from collections.abc import Mapping

from reconciler.diagnostics import Code
from reconciler.explanations.model import Rule

OUTSIDE_CODES: Mapping[Code, Rule] = {
    Code.SECRET_MISSING: Rule(
        means="A reference leads to nothing: the variable isn't set, the file or the path in Vault "
        "doesn't exist. Secrets are resolved before the first write, so nothing was written.",
        todo=(
            "set it where the command runs; in CI, pass the secret to this step",
            "`reconciler doctor` checks all references at once",
        ),
    ),
    Code.SECRET_EMPTY: Rule(
        means="A reference leads to a value that is empty or white space alone. An empty "
        "credential is never sent.",
        todo=("store the value; in CI, a secret that isn't shared with a fork is empty there",),
    ),
    Code.SECRET_DENIED: Rule(
        means="The place is there and may not be read: a file's permissions, or Vault's policy or "
        "token.",
        todo=("let the user or the token that runs this command read it",),
    ),
    Code.SECRET_UNREACHABLE: Rule(
        means="The store that holds the secret doesn't answer, or reading was interrupted.",
        todo=("check the network and the store's address (VAULT_ADDR)", "try again"),
    ),
    Code.SECRET_MALFORMED: Rule(
        means="The reference or the value can't be used: not a path, not UTF-8, with characters "
        "that no header can carry, or a key that is too short.",
        todo=("store the value alone, as text: no quotes, no line breaks, nothing before it",),
    ),
    Code.DESTINATION_CHANGED: Rule(
        means="In the job of a pull request, the Workspace has another address, state or "
        "credentials than on the base branch. Whoever opens a pull request would so choose who "
        "gets the pipeline's credentials, before anybody reviewed it. Nothing was read or sent.",
        todo=(
            "merge the change of the Workspace by itself; what follows is then planned as usual",
            "bring the branch up to date, where the base branch has moved on",
        ),
    ),
    Code.NEW_REFERENCE: Rule(
        means="In the job of a pull request, a server asks for a secret that the base branch "
        "doesn't refer to. It isn't read there, so it isn't compared. A warning.",
        todo=(
            "see that the server named is to have this secret: the apply after the merge sends it",
        ),
    ),
    Code.NEW_DESTINATION: Rule(
        means="In the job of a pull request, a secret that the base branch knows is for another "
        "address than there. A warning: planning sends it nowhere, the apply after the merge does.",
        todo=("see that the server named is to have this secret",),
    ),
    Code.UNKNOWN_MEMBER: Rule(
        means="A space names somebody whom the workspace doesn't know. The platform would drop "
        "that person in silence, so the space is held back and the rest goes on.",
        todo=("invite the person, or remove the line",),
    ),
    Code.UNKNOWN_GROUP: Rule(
        means="A space names a group that isn't among the provisioned and manual ones, or several "
        "groups have that name.",
        todo=("correct the name, or create or rename the group in the workspace",),
    ),
    Code.UNKNOWN_TOOL: Rule(
        means="`tools` of a server has settings for a tool that the server doesn't offer now. A "
        "warning: they are written as soon as it does.",
        todo=("look for a typing mistake in the tool's name",),
    ),
    Code.NAME_TAKEN: Rule(
        means="The workspace has an object of that name which the state doesn't own. What isn't "
        "ours is never taken over unasked.",
        todo=("own it with `reconciler adopt ADDRESS`", "or choose another `displayName`"),
    ),
    Code.BOTH_CHANGED: Rule(
        means="A field was changed in the workspace and in the manifest since the last apply. A "
        "warning: applying overwrites what was set in the workspace.",
        todo=("ask who changed it; take the value over into the manifest if it is right",),
    ),
    Code.USERS_UNKNOWN: Rule(
        means="The platform doesn't tell which agents and skills use a server that the plan takes "
        "away. A warning.",
        todo=("look in the workspace who uses it before you apply",),
    ),
    Code.CONSENT_NEEDED: Rule(
        means="A server waits for somebody to sign in; until then it isn't finished. A warning.",
        todo=("the person named runs `reconciler connect`",),
    ),
    Code.UNKNOWN_REMOTE_ID: Rule(
        means="`adopt` was told an id that the workspace doesn't have, or one of what the platform "
        "itself made.",
        todo=("take the id from the address of its page, or let `adopt --all` find it",),
    ),
    Code.WRONG_KIND: Rule(
        means="`adopt` was told an id of an object of another kind.",
        todo=("adopt it by a manifest of its kind",),
    ),
    Code.ALREADY_OWNED: Rule(
        means="The object belongs to another address of this state, or the address owns another "
        "object. An object has one owner.",
        todo=(
            "rename with `reconciler state mv OLD NEW`",
            "or give it up first with `reconciler forget ADDRESS`",
        ),
    ),
    Code.HALF_MADE: Rule(
        means="The platform never finished making the object, so there is nothing to own.",
        todo=("delete it in the workspace; `apply` makes it anew",),
    ),
    Code.NO_MATCH: Rule(
        means="Nothing in the workspace has the name, or the URL and name, of the manifest.",
        todo=(
            "name the object: `reconciler adopt ADDRESS=REMOTE-ID`",
            "with --matching, such manifests are left for `apply` to create",
        ),
    ),
    Code.SEVERAL_MATCHES: Rule(
        means="Several objects fit the manifest, and guessing could take the wrong one.",
        todo=("say which one: `reconciler adopt ADDRESS=REMOTE-ID`",),
    ),
}
