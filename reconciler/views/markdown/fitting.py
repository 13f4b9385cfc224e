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
    are left out; it is a line of ours, as is `lead`, which stands before the items.
    """

    title: str
    items: Sequence[Sequence[str]]
    more: Callable[[int], str]
    lead: str = ""

    @property
    def least(self) -> str:
        """The section when there is no room for any of its items."""
        return self._whole([], len(self.items))

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
        lead = f"{self.lead}\n\n" if self.lead else ""
        return f"{self.title}\n\n{lead}{''.join(told)}{more}\n"


def fitted(
    head: str, sections: Sequence[Section], foot: str, *, limit: int, measure: Measure
) -> str:
    """The document; head and foot are told whole, the sections as fully as `limit` allows.

    The sections come in the order of their importance: each may take half of what is left, or
    more where those after it need less. Of a section, title and count always stay.
    """
    room = limit - measure(head) - measure(foot)
    needs = [measure(section.full) for section in sections]
    least = [measure(section.least) for section in sections]
    told = []
    for number, section in enumerate(sections):
        after, reserved = sum(needs[number + 1 :]), sum(least[number + 1 :])
        text = section.within(max((room - reserved) // 2, room - after), measure)
        room -= measure(text)
        told.append(text)
    return f"{head}{''.join(told)}{foot}"
