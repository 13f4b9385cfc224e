"""Saved plans: write them where a reviewer finds them, read them back, check what they stand on."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from reconciler import __version__
from reconciler.diagnostics import Span
from reconciler.manifests import Loaded, from_json
from reconciler.planning import PlanUnreadable, SavedPlan, read_plan
from reconciler.resources import Address, Desired, lined
from reconciler.resources import Path as FieldPath
from reconciler.views import PlanView
from reconciler.workflows.context import Context, Options, open_context
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.lifetimes import read_moment, show_moment
from reconciler.workflows.outputs import write_output
from reconciler.workflows.trust import trust_for

_MIB = 64
_LIMIT = _MIB * 1024 * 1024
"""Bytes of a plan file, for whoever writes one and whoever reads it."""
_SKEW = timedelta(minutes=10)
"""How far the clocks of who plans and who applies may be apart."""


class PlanLocator:
    """Finds the places that a saved plan remembers."""

    def __init__(self, saved: SavedPlan) -> None:
        self._spans: dict[tuple[Address, FieldPath], Span | None] = {}
        for change in saved.changes:
            self._spans[change.address, ()] = change.span
            for field in change.fields:
                self._spans[change.address, field.path] = field.span

    def span(self, address: Address, path: FieldPath = ()) -> Span | None:
        """The place of the field, else of the resource."""
        return self._spans.get((address, path)) or self._spans.get((address, ()))


def write_plan(document: Mapping[str, Any], path: Path) -> None:
    """Write a plan's document to `path`; raises Stop when that can't be done.

    What no command would read isn't written: nobody reviews a plan that can't be applied.
    """
    try:
        write_output(path, _bounded(document).encode())
    except OSError as error:
        why = error.strerror or error
        raise Stop(Exit.FAILED, f"the plan can't be written to {path}: {why}") from error


def _bounded(document: Mapping[str, Any]) -> str:
    """The text of a plan file; raises Stop when `read_saved` would refuse it."""
    pieces, size = [], 1
    for piece in lined(document):
        pieces.append(piece)
        size += len(piece.encode("utf-8", "surrogatepass"))
        if size > _LIMIT:
            raise Stop(
                Exit.FAILED,
                f"the plan is too large for a file: more than {_MIB} MiB, which is all that `show` "
                "and `apply` read",
                notes=("nothing was written",),
                help=("plan a part of it: `--target ADDRESS`, or a folder less with `-f`",),
            )
    return "".join((*pieces, "\n"))


def read_saved(path: Path) -> SavedPlan:
    """The plan in a file; raises Stop when it can't be used."""
    try:
        with path.open("rb") as file:
            data = file.read(_LIMIT + 1)
        if len(data) > _LIMIT:
            raise PlanUnreadable(f"{path} is too large for a plan: more than {_MIB} MiB")
        return read_plan(data.decode("utf-8"), name=str(path))
    except UnicodeDecodeError:
        raise Stop(Exit.FAILED, f"{path} is not a plan: it is not UTF-8") from None
    except OSError as error:
        raise Stop(Exit.FAILED, f"{path} can't be read: {error.strerror or error}") from None
    except PlanUnreadable as error:
        raise Stop(Exit.FAILED, error.message, help=error.help) from None


def open_saved(
    saved: SavedPlan, options: Options, loaded: Loaded | None, paths: Sequence[Path] = ()
) -> Context:
    """The context of a saved plan, made of what the plan holds.

    With `loaded`, the manifests beside it in `paths`, they must be those that the plan was made
    from.
    Raises Stop.
    """
    desired = _desired(saved)
    if desired.digest != saved.basis.manifests:
        raise Stop(Exit.FAILED, "the plan is damaged: its manifests don't match its digest")
    if saved.basis.tool_version != __version__:
        raise Stop(
            Exit.STALE,
            f"the plan was made by version {saved.basis.tool_version}, this is {__version__}",
            help=("plan again with this version",),
        )
    _in_time(saved, options.now())
    if loaded is not None and loaded.desired and loaded.desired.digest != desired.digest:
        raise Stop(
            Exit.STALE,
            "the plan is stale: the manifests have changed since it was made",
            help=("nothing was written; plan again and have the new plan reviewed",),
        )
    locator = PlanLocator(saved)
    trust = trust_for(desired, locator, paths, options.environ)
    context = open_context(desired, locator, options, trust=trust)
    if context.url != saved.basis.workspace_url:
        raise Stop(Exit.FAILED, "the plan is damaged: it names two different workspaces")
    return context


def _desired(saved: SavedPlan) -> Desired:
    try:
        return from_json(saved.desired)
    except ValueError as error:
        raise Stop(Exit.FAILED, f"the plan is damaged: {error}") from None


def _in_time(saved: SavedPlan, now: datetime) -> None:
    basis = saved.basis
    try:
        made, expires = read_moment(basis.made_at), read_moment(basis.expires_at)
    except ValueError:
        raise Stop(Exit.FAILED, "the plan is damaged: its times are none") from None
    if now >= expires:
        raise Stop(
            Exit.STALE,
            f"the plan expired at {show_moment(basis.expires_at)}",
            notes=(f"it was made at {show_moment(basis.made_at)}",),
            help=(
                "nothing was written; plan again and have the new plan reviewed",
                "`plan --expires 24h` says how long a plan counts",
            ),
        )
    if made > now + _SKEW:
        raise Stop(
            Exit.STALE,
            f"the plan was made at {show_moment(basis.made_at)}, which is still to come",
            help=("set the clock of this machine, or of the one that plans",),
        )


def life_text(basis: Mapping[str, Any]) -> str:
    """When a plan was made and until when it counts, in words."""
    made, expires = show_moment(basis["madeAt"]), show_moment(basis["expiresAt"])
    return f"made {made}, expires {expires}"


def saved_view(saved: SavedPlan) -> PlanView:
    """The saved plan for the eyes; raises Stop when the manifests in it are none."""
    basis, desired = saved.basis, _desired(saved)
    return PlanView(
        workspace=f"{desired.workspace.name} ({basis.workspace_id} at {basis.workspace_url})",
        changes=saved.changes,
        unchanged=len(saved.unchanged),
        as_declared=frozenset(saved.unchanged),
        moves=saved.moves,
        recovered=saved.recovered,
        forgotten=saved.forgotten,
        ignored=saved.ignored,
        not_compared=saved.not_compared,
        warnings=saved.warnings,
        partial=saved.partial,
        desired={}
        if saved.mode == "destroy"
        else {address: item.spec for address, item in desired.resources.items()},
        allow=saved.allow.union(desired.workspace.spec.guards.allow),
        digest=saved.document["digest"],
        made_at=basis.made_at,
        expires_at=basis.expires_at,
    )
