"""Where a pipeline runs: its forge, pull request and commit, from the variables that it sets."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from reconciler.forges import Forge, ForgeError, GitHub, GitLab, Patience
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver, Secret, SecretFailure
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.pull_requests import event_of

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pipeline:
    """The run of a pipeline; `pull_request` is None in one that isn't about any."""

    forge: Forge
    pull_request: int | None
    commit: str | None

    def merged(self) -> int | None:
        """The pull request whose merge made the commit. Raises ForgeError."""
        found = None if self.commit is None else self.forge.merged(self.commit)
        return None if found is None else found.number


@contextmanager
def pipeline(environ: Mapping[str, str], patience: Patience | None = None) -> Iterator[Pipeline]:
    """The pipeline that this process runs in; what the forge refuses in the block becomes Stop.

    Facts: GitHub's "Variables reference", GitLab's "Predefined CI/CD variables".
    """
    try:
        here = _found(environ, patience)
        try:
            yield here
        finally:
            here.forge.close()
    except ForgeError as error:
        raise Stop(Exit.FAILED, error.message, help=error.help) from error


def _found(environ: Mapping[str, str], patience: Patience | None) -> Pipeline:
    if environ.get("GITHUB_REPOSITORY"):
        return _github(environ, patience)
    if environ.get("CI_API_V4_URL"):
        return _gitlab(environ, patience)
    raise Stop(
        Exit.USAGE,
        "this runs in no pipeline that is known: neither GitHub's variables are set nor GitLab's",
        help=(
            "on GitHub: GITHUB_REPOSITORY and GITHUB_TOKEN",
            "on GitLab: CI_API_V4_URL, CI_PROJECT_ID and RECONCILER_GITLAB_TOKEN",
        ),
    )


def _github(environ: Mapping[str, str], patience: Patience | None) -> Pipeline:
    return Pipeline(
        forge=GitHub(
            url=environ.get("GITHUB_API_URL") or "https://api.github.com",
            repository=environ["GITHUB_REPOSITORY"],
            token=_token(environ, "GITHUB_TOKEN"),
            patience=patience,
        ),
        pull_request=_number(event_of(environ)),
        commit=commit_of(environ.get("GITHUB_SHA")),
    )


def _gitlab(environ: Mapping[str, str], patience: Patience | None) -> Pipeline:
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    return Pipeline(
        forge=GitLab(
            url=environ["CI_API_V4_URL"],
            project=environ.get("CI_PROJECT_ID", ""),
            page=environ.get("CI_PROJECT_URL", ""),
            token=_token(environ, "RECONCILER_GITLAB_TOKEN"),
            patience=patience,
        ),
        pull_request=int(number) if number.isascii() and number.isdigit() else None,
        commit=commit_of(environ.get("CI_COMMIT_SHA")),
    )


def _token(environ: Mapping[str, str], name: str) -> Secret:
    reference = SecretRef(scheme="env", locator=name)
    with Resolver(environ=environ) as resolver:
        found = resolver.resolve([reference])[reference]
    if isinstance(found, SecretFailure):
        raise Stop(Exit.FAILED, found.message, help=found.help)
    return found


def commit_of(text: str | None) -> str | None:
    """The text when it is the whole hash of a commit, else None."""
    return text if text and _COMMIT.match(text) else None


def _number(event: Mapping[str, Any]) -> int | None:
    """The number of the pull request in an event; a comment on one counts too."""
    issue = event.get("issue")
    if isinstance(issue, dict) and not issue.get("pull_request"):
        issue = None
    found = event.get("pull_request") or issue
    number = found.get("number") if isinstance(found, dict) else None
    return number if isinstance(number, int) else None
