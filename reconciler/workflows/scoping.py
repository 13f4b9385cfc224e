"""The part of a plan that a caller names: every address has to be one that there is."""

from collections.abc import Iterable
from difflib import get_close_matches

from reconciler.planning import Scope
from reconciler.resources import Address
from reconciler.workflows.failures import Exit, Stop


def check_scope(scope: Scope, known: Iterable[Address]) -> None:
    """Raise Stop for addresses that no manifest and no state has, or that are asked for twice."""
    both = scope.targets & scope.excludes
    if both:
        raise Stop(
            Exit.USAGE,
            f"{_listed(both)} can't be a --target and an --exclude at once",
        )
    there = {str(address) for address in known}
    unknown = [a for a in sorted(scope.targets | scope.excludes) if str(a) not in there]
    if unknown:
        raise Stop(
            Exit.USAGE,
            f"neither manifests nor state have {_listed(unknown)}",
            help=tuple(hint for address in unknown for hint in _hints(address, there)),
        )


def _listed(addresses: Iterable[Address]) -> str:
    return ", ".join(f"`{address}`" for address in sorted(addresses))


def _hints(address: Address, there: Iterable[str]) -> tuple[str, ...]:
    listed = sorted(there)
    same_name = [text for text in listed if text.partition("/")[2] == address.name]
    near = same_name or _nearest(str(address), listed)
    return (f"did you mean {' or '.join(f'`{text}`' for text in near)}?",) if near else ()


def _nearest(text: str, listed: list[str]) -> list[str]:
    folded = {each.casefold(): each for each in listed}
    return [folded[each] for each in get_close_matches(text.casefold(), folded, n=2, cutoff=0.6)]
