"""A document that fits a limit, whatever its size: sections give up details, never a closing tag.

A section has items, each in several versions from the fullest to one line. All of it is told as
fully as the room allows; what doesn't fit in any version is counted. Nothing is ever cut inside
an item, so what an item opens it closes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Measure = Callable[[str], int]


def utf16_units(text: str) -> int:
    """The length as GitHub counts a comment's body at most: characters, those beyond the basic
    plane as two."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def octets(text: str) -> int:
    """The length in UTF-8, as step summaries are limited."""
    return len(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A part of a document: `title` is its heading, `items` hold each item's versions.

    Every version ends with a line break; the last ones are short. `more` tells how many items
    are left out; it is a line of ours.
    """

    title: str
    items: Sequence[Sequence[str]]
    more: Callable[[int], str]

    @property
    def full(self) -> str:
        """The section with all that there is to tell."""
        return self._whole([versions[0] for versions in self.items], 0)

    def within(self, room: int, measure: Measure) -> str:
        """The section as fully as `room` allows; at the least, its title and a count."""
        if measure(self.full) <= room:
            return self.full
        room -= measure(self._whole([], 0))
        sizes = [[measure(version) for version in versions] for versions in self.items]
        if sum(size[-1] for size in sizes) <= room:
            return self._whole(self._upgraded(sizes, room), 0)
        return self._first(sizes, room, measure)

    def _upgraded(self, sizes: Sequence[Sequence[int]], room: int) -> list[str]:
        """All items, the first ones in the fullest version that there is room for."""
        room -= sum(size[-1] for size in sizes)
        told = []
        for versions, size in zip(self.items, sizes, strict=True):
            best = next(i for i, each in enumerate(size) if each - size[-1] <= room)
            room -= size[best] - size[-1]
            told.append(versions[best])
        return told

    def _first(self, sizes: Sequence[Sequence[int]], room: int, measure: Measure) -> str:
        """As many items as there is room for, in their shortest version."""
        room -= measure(self.more(len(self.items)))
        told: list[str] = []
        for versions, size in zip(self.items, sizes, strict=True):
            if size[-1] > room:
                break
            room -= size[-1]
            told.append(versions[-1])
        return self._whole(told, len(self.items) - len(told))

    def _whole(self, told: Sequence[str], left: int) -> str:
        more = self.more(left) if left else ""
        return f"{self.title}\n\n{''.join(told)}{more}\n"


def fitted(
    head: str, sections: Sequence[Section], foot: str, *, limit: int, measure: Measure
) -> str:
    """The document; head and foot are told whole, the sections as fully as `limit` allows.

    Where that is not enough, those that need less than an equal share get what they need, and the
    others share what is left. Of a section, title and count always stay.
    """
    room = limit - measure(head) - measure(foot)
    shares = _shares([measure(section.full) for section in sections], room)
    told = (section.within(share, measure) for section, share in zip(sections, shares, strict=True))
    return f"{head}{''.join(told)}{foot}"


def _shares(needs: Sequence[int], room: int) -> list[int]:
    """What each gets of `room`: as much as it needs, or else as much as everybody else."""
    shares = [0] * len(needs)
    smallest_first = sorted(range(len(needs)), key=needs.__getitem__)
    for number, index in enumerate(smallest_first):
        shares[index] = min(needs[index], room // (len(needs) - number))
        room -= shares[index]
    return shares
