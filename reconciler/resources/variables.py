"""Environment variables that are somebody's own: the runner's, a forge's, a store's; no manifest's.

Who has them acts as the job itself: takes OIDC tokens in its name, writes to the repository, reads
the whole store. Whoever may write a manifest may name any variable and any server to send it to.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_OWNERS: Mapping[str, tuple[str, ...]] = {
    # GitHub: "Default environment variables", "OpenID Connect reference", and `gh`'s own names.
    "the runner's of GitHub Actions": (r"ACTIONS_\w+",),
    "the job's own sign-in to GitHub": (r"(GITHUB|GH)(_ENTERPRISE)?_TOKEN",),
    # GitLab: "Predefined CI/CD variables"; projects may not define names with this prefix.
    "the runner's of GitLab": (r"CI_\w+",),
    "reconciler's own sign-in to GitLab": (r"RECONCILER_GITLAB_TOKEN",),
    # Other pipelines, by their documents of predefined variables.
    "the runner's of Azure Pipelines": (r"SYSTEM_ACCESSTOKEN", r"SYSTEM_OIDCREQUESTURI"),
    "the runner's of Bitbucket": (r"BITBUCKET_STEP_OIDC_TOKEN",),
    "the runner's of Buildkite": (r"BUILDKITE_AGENT_ACCESS_TOKEN",),
    "the runner's of CircleCI": (r"CIRCLE_OIDC_TOKEN(_V2)?",),
    # The stores of secrets and states, by what their own programs and libraries read.
    "the sign-in to Vault": (r"(VAULT|BAO)_(TOKEN|ID_TOKEN|ROLE_ID|SECRET_ID|CLIENT_KEY)",),
    "the sign-in to AWS": (
        r"AWS_(ACCESS_KEY_ID|SECRET_ACCESS_KEY|SESSION_TOKEN|SECURITY_TOKEN)",
        r"AWS_(CONTAINER_AUTHORIZATION|WEB_IDENTITY)_TOKEN\w*",
    ),
    "the sign-in to Azure": (
        r"(AZURE|ARM)_(CLIENT_SECRET|CLIENT_CERTIFICATE\w*|PASSWORD|ACCESS_KEY|SAS_TOKEN)",
        r"(AZURE|ARM)_(FEDERATED_TOKEN\w*|OIDC_TOKEN|OIDC_REQUEST_TOKEN)",
        r"AZURE_STORAGE_(KEY|ACCOUNT_KEY|ACCESS_KEY|SAS_\w+|CONNECTION_STRING)",
        r"IDENTITY_HEADER|MSI_SECRET",
    ),
    "the sign-in to Google Cloud": (
        r"GOOGLE_(APPLICATION_CREDENTIALS|CREDENTIALS|OAUTH_ACCESS_TOKEN|GHA_CREDS_PATH)",
        r"GOOGLE_(CLOUD_KEYFILE_JSON|SERVICE_ACCOUNT\w*)",
        r"CLOUDSDK_AUTH_\w+|GCLOUD_KEYFILE_JSON",
    ),
    "the sign-in to 1Password": (r"OP_(SERVICE_ACCOUNT_TOKEN|CONNECT_TOKEN|SESSION\w*)",),
    "the key of SOPS": (r"SOPS_(AGE|GPG)_\w+",),
    "the sign-in to PostgreSQL": (r"PG(PASSWORD|PASSFILE|SSLPASSWORD)",),
    "the sign-in to a state server": (r"TF_HTTP_(USERNAME|PASSWORD|CLIENT_\w+)", r"TF_TOKEN_\w+"),
}
_KNOWN = tuple((re.compile("|".join(patterns)), owner) for owner, patterns in _OWNERS.items())
_OFF = frozenset({"", "0", "false", "no", "off"})
_PIPELINES = ("CI", "GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD")
ALLOW_ENV = "RECONCILER_ALLOW_ENV"


def in_pipeline(environ: Mapping[str, str]) -> bool:
    """Whether this is a job of a pipeline, by the variables that runners set."""
    return any(environ.get(name, "").strip().lower() not in _OFF for name in _PIPELINES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """Which variables manifests may name here: all but others' own, which `allowed` lifts by name.

    `refused` says that such a one stops the run; at a desk it is a warning.
    """

    refused: bool = False
    allowed: frozenset[str] = frozenset()

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "Variables":
        """What the environment of the run says: that it is a pipeline, and RECONCILER_ALLOW_ENV."""
        names = (name.strip() for name in environ.get(ALLOW_ENV, "").split(","))
        return cls(refused=in_pipeline(environ), allowed=frozenset(name for name in names if name))

    def owner(self, name: str) -> str | None:
        """Whose own the variable is, in words; None when a manifest may name it."""
        if name in self.allowed:
            return None
        # Windows finds a variable whatever the case that it is asked for in.
        folded = name.upper()
        return next((owner for known, owner in _KNOWN if known.fullmatch(folded)), None)
