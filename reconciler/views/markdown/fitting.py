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

    def size(self, measure: Measure, most: int) -> int:
        """What it takes to tell all; of what takes more than `most`, a number above that.

        Items are made when they are asked for, so those that nobody will read cost nothing.
        """
        found = measure(self._whole([], 0))
        for versions in self.items:
            if found > most:
                break
            found += measure(versions[0])
        return found

    def within(self, room: int, measure: Measure) -> str:
        """The section as fully as `room` allows; at the least, its title and a count."""
        if self.size(measure, room) <= room:
            return self.full
        room -= measure(self._whole([], 0))
        least = 0
        for versions in self.items:
            least += measure(versions[-1])
            if least > room:
                return self._first(room, measure)
        return self._whole(self._upgraded(room - least, measure), 0)

    def _upgraded(self, spare: int, measure: Measure) -> list[str]:
        """All items, the first ones in the fullest version that there is room for."""
        told = []
        for versions in self.items:
            least = measure(versions[-1])
            best = next(each for each in versions if measure(each) - least <= spare)
            spare -= measure(best) - least
            told.append(best)
        return told

    def _first(self, room: int, measure: Measure) -> str:
        """As many items as there is room for, in their shortest version."""
        room -= measure(self.more(len(self.items)))
        told: list[str] = []
        for versions in self.items:
            room -= measure(versions[-1])
            if room < 0:
                break
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
    shares = _shares([section.size(measure, room) for section in sections], room)
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
