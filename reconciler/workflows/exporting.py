"""Export: manifests for what a workspace holds and no manifest describes yet."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Diagnostics, Span
from reconciler.manifests import Export, Grouping, InvalidDesired, export, from_json, load
from reconciler.planning import matches
from reconciler.providers import ReadRequest
from reconciler.resources import API_VERSION, WORKSPACE_KIND, Address, Snapshot
from reconciler.resources import Path as FieldPath
from reconciler.workflows.context import Context, Options, open_context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.outputs import write_output
from reconciler.workflows.planning import look
from reconciler.workflows.trust import Trust

_MODE = 0o644


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written where; `skipped` are objects that have a manifest or an owner already."""

    export: Export
    files: tuple[Path, ...]
    snapshot: Snapshot
    skipped: int


class _Nowhere:
    """Manifests that are written nowhere yet."""

    def span(self, address: Address, path: FieldPath = ()) -> Span | None:
        """No place."""
        del address, path
        return None


def open_workspace(
    *,
    workspace_id: str,
    name: str,
    region: str | None,
    url: str | None,
    token_variable: str | None,
    folder: Path,
    options: Options,
) -> Context:
    """The context of a workspace that no manifest describes; raises Stop when it can't be one."""
    spec: dict[str, object] = {"provider": "dust", "workspaceId": workspace_id}
    spec |= {"url": url} if url else {"region": region or "us"}
    if token_variable:
        spec["credentials"] = {"accessToken": {"env": token_variable}}
    manifest = {
        "apiVersion": API_VERSION,
        "kind": WORKSPACE_KIND,
        "metadata": {"name": name},
        "spec": spec,
    }
    try:
        desired = from_json({"root": str(folder), "workspace": manifest, "resources": []})
    except InvalidDesired as error:
        raise Stop(Exit.USAGE, f"that is no workspace: {error}") from None
    # What somebody typed, not what a file proposes.
    return open_context(desired, _Nowhere(), options, trust=Trust())


def export_workspace(
    context: Context,
    folder: Path,
    *,
    grouping: Grouping,
    fresh: bool,
    overwrite: bool,
    beside: Sequence[Path] = (),
) -> Exported:
    """Write manifests into `folder`, and check them with those in `beside`.

    Parameters: `fresh` says that there are no manifests yet, so that the Workspace is written
    too; `overwrite` that files may be replaced. Raises Stop, ProviderError, StateError.
    """
    state = context.store.load()
    request = ReadRequest(owned={}, titles={}, everything=True)
    snapshot = look(context, context.connection(), request)
    known = dict(state.owners())
    for address, objects in matches(context.desired.resources.values(), state, snapshot).items():
        if len(objects) == 1:
            known.setdefault((address.kind, objects[0].remote_id), address)
    made = export(
        snapshot,
        context.desired,
        known=known,
        taken=state.entries,
        grouping=grouping,
        workspace=fresh,
    )
    files = {folder / name: text for name, text in made.files.items()}
    _write(files, overwrite=overwrite)
    _prove((*beside, folder), context)
    return Exported(
        export=made,
        files=tuple(sorted(files)),
        snapshot=snapshot,
        skipped=sum(snapshot.find(*there) is not None for there in known),
    )


def _write(files: dict[Path, str], *, overwrite: bool) -> None:
    taken = sorted(path for path in files if path.exists() or path.is_symlink())
    if taken and not overwrite:
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise Stop(
            Exit.FAILED,
            f"{taken[0]}{more} exists already; nothing was written",
            help=("choose another folder with `-o`, or replace the files with `--overwrite`",),
        )
    try:
        for path, text in files.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_output(path, text.encode(), mode=_MODE)
    except OSError as error:
        why = error.strerror or error
        raise Stop(Exit.FAILED, f"the manifests can't be written: {why}") from error


def _prove(paths: Sequence[Path], context: Context) -> None:
    loaded = load(paths, workspace=context.desired.workspace.name)
    if loaded.diagnostics.errors:
        raise Stop(
            Exit.FAILED,
            "the manifests were written, and don't fit those that are there",
            help=("export into an empty folder, or take out what is there twice",),
            diagnostics=Diagnostics.of(loaded.diagnostics.errors),
        )
