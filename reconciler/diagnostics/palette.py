"""Colour for meaning only: the same text with and without it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Paints text with ANSI styles, or leaves it as it is when colour is off."""

    enabled: bool

    Paint = Callable[[str], str]

    def _style(self, text: str, code: str) -> str:
        return f"\x1b[{code}m{text}\x1b[0m" if self.enabled and text else text

    def error(self, text: str) -> str:
        """What stops the command, what destroys."""
        return self._style(text, "1;31")

    def warning(self, text: str) -> str:
        """What deserves a second look."""
        return self._style(text, "1;33")

    def added(self, text: str) -> str:
        """What will come into being."""
        return self._style(text, "32")

    def changed(self, text: str) -> str:
        """What will be different."""
        return self._style(text, "33")

    def removed(self, text: str) -> str:
        """What will go away."""
        return self._style(text, "31")

    def bold(self, text: str) -> str:
        """Headlines."""
        return self._style(text, "1")

    def dim(self, text: str) -> str:
        """What may be skipped."""
        return self._style(text, "2")


PLAIN = Palette(enabled=False)
