"""The part of a very large review that a browser can bear, and the sentence that says so."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice

from reconciler.resources import KINDS, Address, Change, Spec
from reconciler.views.review import Review

LARGEST = 5000
"""How many changes, security-relevant items, messages, and resources without a change a page
tells at most: about 15 MB, which a browser opens in seconds."""


def cut_to_page(review: Review, largest: int = LARGEST) -> Review:
    """The review with about `largest` of each list at most; a note tells what is left out.

    What is refused stays first, then what is security-relevant, then the order of the plan; and
    with a server the spaces that it is shown in.
    """
    changes, untouched = _weightiest(review, largest), review.untouched
    there = {
        "changes": (changes, review.changes),
        "security-relevant items": (review.matters[:largest], review.matters),
        "errors": (review.errors[:largest], review.errors),
        "warnings": (review.warnings[:largest], review.warnings),
        "notes": (review.notes[:largest], review.notes),
        "resources without a change": (untouched[:largest], untouched),
    }
    told = [
        f"{len(kept)} of {len(all_)} {noun}" for noun, (kept, all_) in there.items() if kept != all_
    ]
    if not told:
        return review
    note = (
        f"this page would be too large for a browser; it shows {', '.join(told)}. The text of the "
        "command, and its report `json`, tell all"
    )
    kept = {change.address for change in changes}
    return replace(
        review,
        changes=changes,
        matters=review.matters[:largest],
        introduced=tuple(item for item in review.introduced if item.change.address in kept),
        standing=tuple(item for item in review.standing if item.change.address in kept),
        errors=review.errors[:largest],
        warnings=review.warnings[:largest],
        notes=(note, *review.notes[:largest]),
        desired=dict(_around(review.desired, (*kept, *untouched[:largest]))),
    )


def _weightiest(review: Review, largest: int) -> tuple[Change, ...]:
    if len(review.changes) <= largest:
        return review.changes
    listed: dict[Address, None] = dict.fromkeys(change.address for change in review.refused)
    listed |= dict.fromkeys(matter.address for matter in review.matters)
    listed |= dict.fromkeys(change.address for change in review.changes)
    # What a change refers to changes, too, or doesn't: a page without it would say that it doesn't.
    kept = {address for address, _spec in _around(review.desired, islice(listed, largest))}
    kept.update(islice(listed, largest))
    return tuple(change for change in review.changes if change.address in kept)


def _around(
    desired: Mapping[Address, Spec], addresses: Iterable[Address]
) -> Iterator[tuple[Address, Spec]]:
    """The specs of these, and of what they refer to."""
    for address in addresses:
        if address in desired:
            yield address, desired[address]
            for other in KINDS[address.kind].references(desired[address]):
                if other in desired:
                    yield other, desired[other]
