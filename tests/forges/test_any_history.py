"""Whatever runs, races and faults came before: one clean run leaves one note, saying its text."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Literal

from hypothesis import given
from hypothesis import strategies as st

from reconciler.forges import Draft, Limits, Note, Uncertain, upsert

MARK = "<!-- reconciler:plan -->"
Fate = Literal["done", "lost", "dropped", "raced"]


@dataclass(kw_only=True)
class Board:
    """A place for notes in memory; `fates` say what becomes of each creation."""

    notes: list[Note] = field(default_factory=list)
    fates: list[Fate] = field(default_factory=list)
    limits: Limits = field(default_factory=lambda: Limits(body=1_000, title=100))
    made: int = 0

    def worded(self, text: str) -> str:
        return text

    def ours(self, marker: str) -> Sequence[Note]:
        return [each for each in self.notes if each.body.startswith(marker)]

    def create(self, draft: Draft) -> Note:
        fate = self.fates.pop(0) if self.fates else "done"
        if fate == "raced":
            self._add(f"{MARK}\nof another run")
        if fate == "dropped":
            raise Uncertain("no answer")
        note = self._add(draft.body)
        if fate == "lost":
            raise Uncertain("no answer")
        return note

    def update(self, note: Note, draft: Draft) -> Note:
        changed = replace(note, body=draft.body)
        self.notes[self.notes.index(note)] = changed
        return changed

    def remove(self, note: Note) -> None:
        self.notes.remove(note)

    def _add(self, body: str) -> Note:
        self.made += 1
        note = Note(
            number=self.made, url="https://forge.example", body=body, updated=datetime.now(UTC)
        )
        self.notes.append(note)
        return note


_fates = st.lists(st.sampled_from(["done", "lost", "dropped", "raced"]), max_size=6)
_texts = st.lists(st.text(max_size=20), max_size=5)


@given(before=st.integers(0, 4), fates=_fates, texts=_texts, last=st.text(max_size=20))
def test_one_note_is_left_and_it_says_the_last_text(
    before: int, fates: list[Fate], texts: list[str], last: str
) -> None:
    board = Board(fates=fates)
    for number in range(before):
        board._add(f"{MARK}\n{number}")
    quoting = board._add(f"> {MARK}\n> quoted")
    for text in texts:
        try:
            upsert(board, "plan", Draft(body=text))
        except Uncertain:
            continue  # told, and the next run makes it good
    board.fates = []

    upsert(board, "plan", Draft(body=last))

    [kept] = board.ours(MARK)
    assert kept.body.rstrip().splitlines() == f"{MARK}\n{last}".rstrip().splitlines()
    assert quoting in board.notes
    assert len(board.notes) == 2
