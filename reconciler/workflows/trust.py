"""What a run trusts its manifests to name: variables, folders, and destinations of credentials.

In the job of a pull request the manifests are what somebody proposes. Where credentials go, and
which secrets may be read, is then what the base branch says, which the proposal can't reach.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.diagnostics import Code, Diagnostic, Diagnostics, Severity
from reconciler.manifests import Stated, destination, stated
from reconciler.resources import (
    ALLOW_ENV,
    WORKSPACE_KIND,
    Address,
    Desired,
    Locator,
    Resource,
    SecretRef,
    Variables,
    WorkspaceSpec,
    secret_refs,
    show_path,
)
from reconciler.resources import Path as FieldPath
from reconciler.secrets import SecretFailure, failure
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.pull_requests import BASE_BRANCHES, Target, target_of

ALLOW_FILES = "RECONCILER_ALLOW_FILES"
_DECIDING = frozenset({"workspaceId", "region", "url", "credentials", "state"})
"""The fields of a Workspace that say where credentials go, and which ones."""
_HELD = "a pull request can't choose where credentials go; nothing was read or sent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What manifests may name in this run.

    Parameters: `variables` are those of the environment; `folders` where files with secrets may
    be, anywhere when None; `base` is what the base branch, called `target`, states, None where
    the manifests are nobody's proposal; `ours` are the references of the Workspace itself. By
    default all is trusted, as what somebody typed is.
    """

    variables: Variables = field(default_factory=Variables)
    folders: tuple[Path, ...] | None = None
    target: str = ""
    base: Stated | None = None
    ours: frozenset[SecretRef] = frozenset()

    def refusal(self, reference: SecretRef) -> SecretFailure | None:
        """Why the secret isn't read here; None when it may be."""
        match reference.scheme:
            case "env" if self.variables.refused and self.variables.owner(reference.locator):
                return failure(
                    reference,
                    Code.SECRET_DENIED,
                    f"isn't read: it is {self.variables.owner(reference.locator)}",
                    f"{ALLOW_ENV}={reference.locator} in the environment of the run allows it",
                )
            case "file" if self.folders is not None and not self._below(reference.locator):
                return failure(
                    reference,
                    Code.SECRET_DENIED,
                    "isn't read: in a pipeline, files with secrets are in the folder of the "
                    "Workspace manifest, or where the run says",
                    f"{ALLOW_FILES}=/run/secrets in the environment of the run allows a folder",
                )
        if self.base is None or reference in self.ours or reference in self.base.destinations:
            return None
        return failure(
            reference,
            Code.SECRET_DENIED,
            f"is new, not compared: `{self.target}` doesn't refer to it",
            "it is read once the pull request is merged",
        )

    def news(self, resources: Iterable[Resource], locator: Locator) -> Iterator[Diagnostic]:
        """A warning for each secret that the base doesn't send to where these resources do."""
        if self.base is None:
            return
        for resource in resources:
            for path, reference in secret_refs(resource.kind, resource.spec).items():
                where = destination(resource.spec, path)
                known = self.base.destinations.get(reference)
                if known is None and reference in self.ours:
                    known = frozenset({"the Workspace itself"})
                if known is not None and where in known:
                    continue
                new = known is None
                yield Diagnostic(
                    code=Code.NEW_REFERENCE if new else Code.NEW_DESTINATION,
                    message=f"`{show_path(path)}` asks for the secret `{reference}`, which "
                    f"`{self.target}` doesn't refer to"
                    if new
                    else f"`{show_path(path)}` sends the secret `{reference}` where "
                    f"`{self.target}` doesn't",
                    span=locator.span(resource.address, path),
                    notes=(
                        f"it is for {where}",
                        "new, not compared: it isn't read before the merge"
                        if new
                        else f"on `{self.target}` it is for {', '.join(sorted(known or ()))}",
                    ),
                    help=("see that this server is to have this secret: the merge sends it there",),
                    severity=Severity.WARNING,
                    address=str(resource.address),
                )

    def _below(self, path: str) -> bool:
        try:
            real = Path(os.path.realpath(path))
        except (OSError, ValueError):
            return False
        folders = (Path(os.path.realpath(folder)) for folder in self.folders or ())
        # git keeps its own credentials there.
        return ".git" not in real.parts and any(real.is_relative_to(each) for each in folders)


def trust_for(
    desired: Desired,
    locator: Locator,
    paths: Sequence[Path],
    environ: Mapping[str, str],
) -> Trust:
    """What these manifests, read from `paths`, may name in this run; git is asked for the base.

    Raises Stop(REFUSED) in the job of a pull request whose base can't be read or has no such
    Workspace, or whose Workspace isn't the base's in what decides where credentials go. Nothing
    was read or sent by then.
    """
    variables = Variables.of(environ)
    named = (Path(each) for each in environ.get(ALLOW_FILES, "").split(os.pathsep) if each)
    trust = Trust(
        variables=variables,
        folders=(Path(desired.workspace.root), *named) if variables.refused else None,
    )
    target = target_of(environ)
    if target is None:
        return trust
    base = _base(target, paths, environ)
    name = desired.workspace.name
    if name not in base.workspaces:
        raise Stop(
            Exit.REFUSED,
            f"`{target.name}` has no Workspace `{name}` in these files, so this pull request would "
            "choose where credentials go; nothing was read or sent",
            notes=("the manifests were validated, and compared with nothing",),
            help=("merge the Workspace by itself first; what follows is then planned",),
        )
    _hold(desired, locator, base.workspaces[name], target)
    return Trust(
        variables=trust.variables,
        folders=trust.folders,
        target=target.name,
        base=base,
        ours=frozenset(references_in(_deciding(desired.workspace.spec))),
    )


def _base(target: Target, paths: Sequence[Path], environ: Mapping[str, str]) -> Stated:
    branch = target.name
    if not target.believed:
        raise Stop(
            Exit.REFUSED,
            f"the base `{branch}` of this pull request may be its author's own branch; nothing was "
            "read or sent",
            notes=("where credentials go is what the default branch says, or one that is named",),
            help=(f"{BASE_BRANCHES}={branch} in the environment of the run lets it count",),
        )
    if not paths:
        raise Stop(
            Exit.REFUSED,
            "a plan is applied in the job of a pull request only beside its manifests; nothing was "
            "read or sent",
            help=("give them with `--file`",),
        )
    from reconciler.workflows.base_branch import BaseUnreadable, manifests_at

    try:
        return stated(manifests_at(target.revisions, paths, environ))
    except BaseUnreadable as error:
        raise Stop(
            Exit.REFUSED,
            f"the base `{branch}` of this pull request can't be read, so nothing was read or sent",
            notes=(str(error),),
            help=(
                "have it fetched before this step, such as by `fetch-depth: 0` of the checkout, or",
                f"`git fetch --depth 1 origin +refs/heads/{branch}:refs/remotes/origin/{branch}`",
            ),
        ) from None


def _hold(desired: Desired, locator: Locator, base: WorkspaceSpec, target: Target) -> None:
    """Raise Stop when the Workspace isn't the base's in what decides where credentials go."""
    address = Address(WORKSPACE_KIND, desired.workspace.name)
    here, there = (dict(_leaves(_deciding(each))) for each in (desired.workspace.spec, base))
    faults = [
        Diagnostic(
            code=Code.DESTINATION_CHANGED,
            message=f"`{show_path(path)}` isn't what it is on `{target.name}`",
            span=locator.span(address, path),
            notes=(
                f"`{target.name}` has {json.dumps(there[path])}"
                if path in there
                else f"`{target.name}` has none",
            ),
            help=(
                "whoever may merge allows it: merge this change by itself, and plan the rest then",
                f"where `{target.name}` has moved on, bring this branch up to date with it",
            ),
            address=str(address),
        )
        for path in sorted(here.keys() | there.keys())
        if here.get(path) != there.get(path)
    ]
    if faults:
        raise Stop(Exit.REFUSED, _HELD, diagnostics=Diagnostics.of(faults))


def _deciding(spec: WorkspaceSpec) -> dict[str, Any]:
    whole = spec.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {name: value for name, value in whole.items() if name in _DECIDING}


def _leaves(value: Any, path: FieldPath = ()) -> Iterator[tuple[FieldPath, Any]]:
    """Each value with its path; a reference is one value."""
    if isinstance(value, dict) and SecretRef.from_json(value) is None:
        for key, child in value.items():
            yield from _leaves(child, (*path, key))
    elif path:
        yield path, value


def references_in(value: Any) -> Iterator[SecretRef]:
    """Every reference in a Workspace's fields, as JSON has them."""
    for _path, leaf in _leaves(value):
        reference = SecretRef.from_json(leaf)
        if reference is not None:
            yield reference
