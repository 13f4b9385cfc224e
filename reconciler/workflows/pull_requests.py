"""Whether this is the job of a pull request, and what that is to be merged into.

Facts: GitHub's "Variables reference" and "Events that trigger workflows", GitLab's "Predefined
CI/CD variables".
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE, BASE_BRANCHES = "RECONCILER_BASE", "RECONCILER_BASE_BRANCHES"
_LATER_EVENTS = ("issue_comment", "workflow_run")
"""Events that run on the default branch, and may check a pull request out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What a pull request is to be merged into.

    `name` is for people; `revisions` are whole names of refs and hashes of commits, of which the
    first that is there counts. `believed` says that the repository chose it: whoever may push a
    branch may open a pull request into it.
    """

    name: str
    revisions: tuple[str, ...]
    believed: bool = True


def target_of(environ: Mapping[str, str]) -> Target | None:
    """The target of the pull request whose job this is; None where it is about none.

    RECONCILER_BASE says it for a runner that isn't known here: the whole name of a ref, or a
    commit. A branch beside the default one is believed when RECONCILER_BASE_BRANCHES names it.
    """
    if environ.get(BASE):
        return Target(name=environ[BASE], revisions=(environ[BASE],))
    return _on_github(environ) or _on_gitlab(environ)


def event_of(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The event that GitHub wrote down; empty where there is none that can be read."""
    try:
        event: Any = json.loads(Path(environ.get("GITHUB_EVENT_PATH", "")).read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _on_github(environ: Mapping[str, str]) -> Target | None:
    name, branch = environ.get("GITHUB_EVENT_NAME", ""), environ.get("GITHUB_BASE_REF", "")
    if not (branch or name.startswith(("pull_request", "merge_group")) or name in _LATER_EVENTS):
        return None
    event = event_of(environ)
    default = _text(event, "repository", "default_branch")
    if name in _LATER_EVENTS:
        return _later(environ, event, name, default)
    group = name == "merge_group"
    place = ("merge_group", "base_ref") if group else ("pull_request", "base", "ref")
    branch = branch or _text(event, *place).removeprefix("refs/heads/")
    commit = _text(event, *place[:-1], "base_sha" if group else "sha")
    return _target(branch, commit, default, environ)


def _later(
    environ: Mapping[str, str], event: Mapping[str, Any], name: str, default: str
) -> Target | None:
    if name == "issue_comment":
        about = event.get("issue")
        ours = not isinstance(about, dict) or bool(about.get("pull_request"))
    else:
        ours = _text(event, "workflow_run", "event").startswith("pull_request")
    branch = default or environ.get("GITHUB_REF_NAME", "")
    return _target(branch, environ.get("GITHUB_SHA", ""), default, environ) if ours else None


def _on_gitlab(environ: Mapping[str, str]) -> Target | None:
    for prefix in ("CI_MERGE_REQUEST", "CI_EXTERNAL_PULL_REQUEST"):
        branch = environ.get(f"{prefix}_TARGET_BRANCH_NAME", "")
        if not (branch or environ.get(f"{prefix}_IID")):
            continue
        # In a merge train the target is what others' merges would come to, which may not happen.
        train = environ.get("CI_MERGE_REQUEST_EVENT_TYPE") == "merge_train"
        commit = "" if train else environ.get(f"{prefix}_TARGET_BRANCH_SHA", "")
        protected = environ.get(f"{prefix}_TARGET_BRANCH_PROTECTED") == "true"
        default = branch if protected else environ.get("CI_DEFAULT_BRANCH", "")
        return _target(branch, commit, default, environ)
    return None


def _target(branch: str, commit: str, default: str, environ: Mapping[str, str]) -> Target:
    named = {name.strip() for name in environ.get(BASE_BRANCHES, "").split(",")}
    # The whole name of the ref: a branch or tag of the pull request's may be called the same.
    places = (f"refs/remotes/origin/{branch}" if branch else "", commit)
    return Target(
        name=branch or commit or "the base branch",
        revisions=tuple(place for place in places if place),
        believed=not default or branch == default or branch in named,
    )


def _text(value: Any, *keys: str) -> str:
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""
