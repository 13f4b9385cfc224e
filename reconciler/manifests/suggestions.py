"""Did you mean: the closest of the words that would have been right."""

from collections.abc import Collection
from difflib import get_close_matches

from reconciler.manifests.credentials import may_be_secret

_BUDGET = 200_000
"""Comparisons for one load, so that thousands of unknown names don't take minutes."""


class Suggester:
    """Finds close words until its budget is spent; then it has nothing to suggest."""

    def __init__(self, budget: int = _BUDGET) -> None:
        self._left = budget

    def closest(self, word: str, words: Collection[str], *, count: int = 1) -> tuple[str, ...]:
        """The words most like `word`, best first; letter case doesn't count."""
        self._left -= len(words)
        if self._left < 0 or len(word) > 100:
            return ()
        folded: dict[str, str] = {}
        for other in sorted(words):
            if not may_be_secret(other):
                folded.setdefault(other.casefold(), other)
        if word.casefold() in folded:
            return (folded[word.casefold()],)
        found = get_close_matches(word.casefold(), folded, n=count, cutoff=0.6)
        return tuple(folded[match] for match in found)

    def did_you_mean(self, word: str, words: Collection[str], *, count: int = 1) -> tuple[str, ...]:
        """The same as a line of help, or nothing."""
        found = self.closest(word, words, count=count)
        if not found:
            return ()
        return ("did you mean " + " or ".join(f"`{other}`" for other in found) + "?",)
