"""GitLab's REST API: merge requests for pull requests, notes for comments.

Facts are from GitLab's REST documentation (notes, issues, commits, pipelines, job artifacts). The
token of a CI job may not write notes; it takes a project or group access token of its own.
"""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from reconciler.forges.api import Api
from reconciler.forges.contract import Merged
from reconciler.forges.failures import Refused
from reconciler.forges.gitlab_places import Notes, OpenIssues
from reconciler.forges.gitlab_wire import COMMIT, JOBS, ME, PIPELINES, REQUESTS, Pipeline
from reconciler.forges.manners import Answer, Patience, seconds
from reconciler.secrets import Secret

_SCOPE = "api"
_MOST = 64 * 1024 * 1024


class GitLabManners:
    """How GitLab speaks."""

    name = "GitLab"

    def headers(self, token: str) -> Mapping[str, str]:
        """The token, in the header for access tokens of every kind."""
        return {"private-token": token}

    def wait(self, answer: Answer, now: float) -> float | None:
        """429 with `Retry-After`, else until `RateLimit-Reset`, else a minute."""
        if answer.status != 429:
            return None
        told = seconds(answer.headers.get("retry-after"))
        if told is not None:
            return told
        reset = seconds(answer.headers.get("ratelimit-reset"))
        return 60.0 if reset is None else max(reset - now, 1.0)

    def refusal(self, answer: Answer, call: str, needs: str) -> Refused:
        """Which scope is missing."""
        said = f": {answer.words}" if answer.words else ""
        if answer.status in (401, 403, 404):
            return Refused(
                f"GitLab refuses {call} ({answer.status}){said}",
                help=(
                    f"RECONCILER_GITLAB_TOKEN: a project access token with the scope `{needs}`",
                    "it needs the role Reporter at least; a job's own token can't do this",
                    "a protected variable isn't there in pipelines of branches that aren't",
                ),
            )
        return Refused(f"GitLab answers {call} with {answer.status}{said}")


class GitLab:
    """A project on GitLab.

    Parameters: `url` is the API's (`CI_API_V4_URL`), `project` its id (`CI_PROJECT_ID`), `page`
    its address for people (`CI_PROJECT_URL`). Raises Refused when one of them can't be.
    """

    def __init__(
        self, *, url: str, project: str, page: str, token: Secret, patience: Patience | None = None
    ) -> None:
        if not project:
            raise Refused("there is no project: CI_PROJECT_ID is empty")
        self._api = Api(url, token, GitLabManners(), patience)
        self._root = f"/projects/{quote(project, safe='')}"
        self._page = page
        self._project = project
        self._id: int | None = None

    def close(self) -> None:
        """Let go of connections."""
        self._api.close()

    def me(self) -> int:
        """The id of the user that the token writes as. Raises ForgeError."""
        if self._id is None:
            self._id = self._api.get("/user", ME, needs=_SCOPE).id
        return self._id

    def comments(self, number: int) -> Notes:
        """The notes of a merge request."""
        page = f"{self._page}/-/merge_requests/{number}"
        return Notes(self.me, self._api, f"{self._root}/merge_requests/{number}/notes", page)

    def issues(self) -> OpenIssues:
        """The open issues."""
        return OpenIssues(self.me, self._api, f"{self._root}/issues")

    def merged(self, commit: str) -> Merged | None:
        """The merge request whose merge made this commit. Raises ForgeError."""
        path = f"{self._root}/repository/commits/{commit}/merge_requests"
        for each in self._api.pages(path, REQUESTS, needs=_SCOPE):
            made = (each.merge_commit_sha, each.squash_commit_sha, each.sha)
            if each.merged_at is not None and each.sha is not None and commit in made:
                return Merged(number=each.iid, url=each.web_url, head=each.sha, at=each.merged_at)
        return None

    def artifacts(self, merged: Merged, name: str, path: str) -> Iterator[bytes]:
        """The file that the jobs called `name` left in the merge request's pipelines for its last
        commit, the newest first. Raises ForgeError."""
        pipelines = f"{self._root}/merge_requests/{merged.number}/pipelines"
        for pipeline in self._api.pages(pipelines, PIPELINES, needs=_SCOPE):
            if not self._is_ours(pipeline) or not self._is_of(pipeline, merged):
                continue
            jobs = f"{self._root}/pipelines/{pipeline.id}/jobs"
            for job in self._api.pages(jobs, JOBS, needs=_SCOPE):
                if job.name == name:
                    file = f"{self._root}/jobs/{job.id}/artifacts/{quote(path)}"
                    data = self._api.download(file, needs=_SCOPE, most=_MOST)
                    if data is not None:  # a job that was cancelled left nothing
                        yield data

    def _is_of(self, pipeline: Pipeline, merged: Merged) -> bool:
        """Whether it ran for the merge request's last commit, or for what merging that comes to.

        A merged results pipeline, and one of a merge train, runs for a commit that GitLab makes for
        it, whose second parent is that of the source branch.
        """
        if pipeline.sha == merged.head:
            return True
        if pipeline.ref not in _merged_refs(merged.number):
            return False
        path = f"{self._root}/repository/commits/{quote(pipeline.sha, safe='')}"
        try:
            parents = self._api.get(path, COMMIT, needs=_SCOPE).parent_ids
        except Refused:  # GitLab makes a new one for each push, and may have dropped this one
            return False
        return parents[1:] == [merged.head]

    def _is_ours(self, pipeline: Pipeline) -> bool:
        """Whether it ran in this project: a fork's own pipelines are listed as well."""
        theirs = pipeline.project_id
        return theirs is None or not self._project.isdigit() or str(theirs) == self._project


def _merged_refs(number: int) -> tuple[str, str]:
    """Where GitLab keeps what a merge request, or a train with it, comes to."""
    return f"refs/merge-requests/{number}/merge", f"refs/merge-requests/{number}/train"
