"""What is said of a plan beside its changes: parts, renames, what was taken over or ignored."""

from collections.abc import Iterator, Sequence

from reconciler.diagnostics import count
from reconciler.planning import Partial
from reconciler.resources import Address, Path, show_path
from reconciler.views.plan_view import PlanView

_PLACES = 3


def notes_of(view: PlanView) -> Iterator[str]:
    """Every note, a line each; of secrets that weren't compared `not_compared_text` tells."""
    if view.partial:
        yield from _part(view.partial)
    for old, new in view.moves:
        yield f"{old} is now called {new} (renamed in state only)"
    for address in view.recovered:
        yield f"{address} was created by an interrupted run; this one takes it over"
    for address in view.forgotten:
        yield f"{address} is gone from manifests and workspace; state forgets it"
    for address, fields in view.ignored.items():
        for field in fields:
            yield f"{address} differs in {show_path(field.path)}, which its manifest ignores"


def not_compared_text(places: Sequence[tuple[Address, Path]]) -> str:
    """Which secrets weren't compared; a long list is cut and says so."""
    listed = ", ".join(f"{address} {show_path(path)}" for address, path in places[:_PLACES])
    more = f" and {len(places) - _PLACES} more" if len(places) > _PLACES else ""
    return (
        "not compared, because the secret, or the key for its fingerprint, isn't available "
        f"here: {listed}{more}"
    )


def _part(partial: Partial) -> Iterator[str]:
    for option, asked in (
        ("--target", partial.scope.targets),
        ("--exclude", partial.scope.excludes),
    ):
        if asked:
            yield f"{option} {', '.join(map(str, sorted(asked)))}"
    for address, because in partial.along:
        yield f"{address} is taken along: {because} needs it"
    for address, because in partial.left_out:
        yield f"{address} is left out: it needs {because}"
    if partial.others:
        yield f"{count(partial.others, 'other change')} left out, because nobody asked for them"
