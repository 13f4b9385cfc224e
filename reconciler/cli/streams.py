"""stdout and stderr as they may be: closed, full, gone, or in an encoding with few characters.

What is printed on stdout is what a command is for, so a loss of it is a failure, `OutputLost`. What
is said on stderr is talk: nothing is given up because nobody hears it.
"""

import codecs
import errno
import io
import os
import sys
from typing import TextIO

_ERRORS = "reconciler.readable"
_PLAIN = str.maketrans(
    {"…": "...", "→": "->", "·": "-", "—": "-", "✓": "+", "✗": "x", "⚠": "!", "»": ">>"}
)  # fmt: skip
"""How signs of ours are written where they don't exist."""


class OutputLost(Exception):
    """stdout takes nothing more; `why`, and whether its reader has merely gone, as `head` does."""

    def __init__(self, error: OSError) -> None:
        self.why = error.strerror or str(error)
        self.unread = error.errno == errno.EPIPE
        super().__init__(self.why)


class _Data(io.TextIOWrapper):
    """stdout. Writing to it raises OutputLost."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError as error:
            raise OutputLost(error) from None

    def flush(self) -> None:
        try:
            super().flush()
        except OSError as error:
            raise OutputLost(error) from None


class _Talk(io.TextIOWrapper):
    """stderr. Writing to it never fails."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            return


def set_up() -> None:
    """Put the three streams in order, before anything is opened."""
    codecs.register_error(_ERRORS, _escaped)
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_RDONLY)):
        try:
            os.fstat(number)
        except OSError:
            # The next file that is opened, such as a journal, would be taken for stdout. Opened for
            # reading it still takes nothing.
            os.open(os.devnull, flags)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stdout = _wrapped(_Data, sys.stdout, 1)
    sys.stderr = _wrapped(_Talk, sys.stderr, 2)


def fitting(text: str, stream: TextIO) -> str:
    """A text for people, with plainer signs where the stream's encoding lacks ours."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return text.translate(_PLAIN)
    return text


def _wrapped(kind: type[io.TextIOWrapper], stream: TextIO | None, number: int) -> TextIO:
    if stream is None:
        return kind(io.FileIO(number, "w", closefd=False), "utf-8", _ERRORS)
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    encoding, line_buffering = stream.encoding, stream.line_buffering
    return kind(stream.detach(), encoding, _ERRORS, line_buffering=line_buffering)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """As `\\uXXXX`, which is what JSON has, too; a byte that was no UTF-8 stays recognisable."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    pairs = zip(units[::2], units[1::2], strict=True)
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in pairs), error.end
