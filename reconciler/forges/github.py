"""GitHub's REST API, of github.com and GitHub Enterprise Server.

Facts are from GitHub's REST documentation (issues, pulls, actions/artifacts, rate limits). The
token's own name comes from GraphQL: an installation token, which a workflow's is, may not ask
`GET /user`.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping

from reconciler.forges.api import Api
from reconciler.forges.contract import Merged
from reconciler.forges.failures import Refused
from reconciler.forges.github_places import Comments, OpenIssues
from reconciler.forges.github_wire import ARTIFACTS, PULLS, VIEWER
from reconciler.forges.manners import Answer, Patience, seconds
from reconciler.secrets import Secret

_REPOSITORY = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+\Z")
_READS_PULLS, _READS_ACTIONS = "pull-requests: read", "actions: read"
_SECONDARY = 60.0
"""Seconds to wait at least after a secondary limit without a `Retry-After` (GitHub's advice)."""
_MOST = 64 * 1024 * 1024
_NAMED, _MOST_NAMES = b"PK\x01\x02", 10_000  # what begins each entry of a zip archive's list
_BOUNDED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What can be read a little at a time; a kilobyte of bzip2 may become gigabytes at once."""


class GitHubManners:
    """How GitHub speaks."""

    name = "GitHub"

    def headers(self, token: str) -> Mapping[str, str]:
        """The token, and the version of the API that this was written for."""
        return {"authorization": f"Bearer {token}", "x-github-api-version": "2022-11-28"}

    def wait(self, answer: Answer, now: float) -> float | None:
        """GitHub's rules: `Retry-After`, else until `x-ratelimit-reset`, else a minute."""
        if answer.status not in (403, 429):
            return None
        told = seconds(answer.headers.get("retry-after"))
        if told is not None:
            return told
        if answer.headers.get("x-ratelimit-remaining") == "0":
            reset = seconds(answer.headers.get("x-ratelimit-reset"))
            return _SECONDARY if reset is None else max(reset - now, 1.0)
        limited = answer.status == 429 or "secondary rate limit" in answer.words.lower()
        return _SECONDARY if limited else None

    def refusal(self, answer: Answer, call: str, needs: str) -> Refused:
        """Which permission is missing; GitHub names those that it would have taken."""
        said = f": {answer.words}" if answer.words else ""
        match answer.status:
            case 401:
                return Refused(
                    "GitHub doesn't take the token" + said,
                    help=("pass the job's own: `GITHUB_TOKEN: ${{ github.token }}`",),
                )
            case 403 | 404:
                taken = answer.headers.get("x-accepted-github-permissions")
                return Refused(
                    f"GitHub refuses {call} ({answer.status}){said}",
                    help=(
                        f"give the job the permission `{needs}`"
                        + (f" (GitHub takes: {taken})" if taken else ""),
                        "a pull request from a fork has a token that can only read",
                    ),
                )
            case _:
                return Refused(f"GitHub answers {call} with {answer.status}{said}")


class GitHub:
    """A repository on GitHub.

    Parameters: `url` is the API's (`GITHUB_API_URL`), `repository` is `owner/name`. Raises
    Refused when one of them can't be.
    """

    def __init__(
        self, *, url: str, repository: str, token: Secret, patience: Patience | None = None
    ) -> None:
        if not _REPOSITORY.match(repository):
            raise Refused(f"`{repository}` is no repository: expected owner/name")
        self._api = Api(url, token, GitHubManners(), patience)
        self._root = f"/repos/{repository}"
        self._login: str | None = None

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def me(self) -> str:
        """The login that the token writes under. Raises ForgeError."""
        if self._login is None:
            # Enterprise Server: REST at /api/v3, GraphQL at /api/graphql.
            path = "/api/graphql" if self._api.url.endswith("/api/v3") else "/graphql"
            asked = {"query": "query { viewer { login } }"}
            found = self._api.send("POST", path, VIEWER, needs="metadata: read", body=asked)
            self._login = found.data.viewer.login
        return self._login

    def comments(self, number: int) -> Comments:
        """The comments of a pull request (to GitHub, an issue)."""
        return Comments(self.me, self._api, f"{self._root}/issues", number)

    def issues(self) -> OpenIssues:
        """The open issues."""
        return OpenIssues(self.me, self._api, f"{self._root}/issues")

    def merged(self, commit: str) -> Merged | None:
        """The pull request whose merge made this commit. Raises ForgeError."""
        path = f"{self._root}/commits/{commit}/pulls"
        for pull in self._api.pages(path, PULLS, needs=_READS_PULLS):
            if pull.merged_at is not None and pull.merge_commit_sha == commit:
                return Merged(
                    number=pull.number, url=pull.html_url, head=pull.head.sha, at=pull.merged_at
                )
        return None

    def artifacts(self, merged: Merged, name: str, path: str) -> Iterator[bytes]:
        """The file in each artifact that runs of this repository left for the commit, the newest
        first; runs of forks don't count. Raises ForgeError."""
        listed = self._api.pages(
            f"{self._root}/actions/artifacts",
            ARTIFACTS,
            needs=_READS_ACTIONS,
            within="artifacts",
            name=name,
        )
        for found in sorted(listed, key=lambda each: each.created_at, reverse=True):
            run = found.workflow_run
            if found.expired or found.name != name or run is None:
                continue
            if run.head_sha == merged.head and run.head_repository_id == run.repository_id:
                zipped = f"{self._root}/actions/artifacts/{found.id}/zip"
                data = self._api.download(zipped, needs=_READS_ACTIONS, most=_MOST)
                content = None if data is None else _member(data, path)
                if content is not None:
                    yield content


def _member(data: bytes, path: str) -> bytes | None:
    """One file of a zip archive, never written to disk under a name of the archive's choosing.

    None when there is no such file: a run that came to no plan leaves an artifact all the same.
    Raises Refused.
    """
    # Before a word of it is believed: each name takes ten times its bytes once it is read.
    if data.count(_NAMED) > _MOST_NAMES:
        raise Refused(f"the artifact has more than {_MOST_NAMES:,} files")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if path not in archive.namelist():
                return None
            if archive.getinfo(path).compress_type not in _BOUNDED:
                raise Refused(f"`{path}` in the artifact is compressed in a way that isn't read")
            with archive.open(path) as file:
                content = file.read(_MOST + 1)
    except (KeyError, RuntimeError, EOFError, OSError, zipfile.BadZipFile, zlib.error):
        raise Refused(f"the artifact has no `{path}` that can be read") from None
    if len(content) > _MOST:
        raise Refused(f"`{path}` in the artifact is too large")
    return content
