"""Bodies of answers, decompressed here: never more at once than there is room for."""

import time
import zlib
from collections.abc import Iterable

ENCODINGS = "gzip"
"""What a request says that it can take."""
_GZIP = zlib.MAX_WBITS | 16
_KNOWN = {"": False, "identity": False, "gzip": True, "x-gzip": True}


class Garbled(Exception):
    """A body that isn't encoded as its header says, or in a way that nobody asked for."""


class TooMuch(Exception):
    """An answer beyond its bound; the message follows on the name of who sent it."""


class Body:
    """The decoder of one body, of at most `most` bytes when decompressed.

    Parameters: `encoding` is its `Content-Encoding`. Raises Garbled.

    Compressed data may end, or hold nothing, long before the answer does. So whoever reads must
    look after each part how long it took, also when nothing came of it.
    """

    def __init__(self, encoding: str, most: int) -> None:
        packed = _KNOWN.get(encoding.strip().lower())
        if packed is None:
            raise Garbled("its content encoding isn't one that was asked for")
        self._unpack = zlib.decompressobj(_GZIP) if packed else None
        self._begun = False
        self._most = most
        self._size = 0

    def take(self, part: bytes) -> bytes:
        """What the next part of the body says. Raises Garbled, TooMuch."""
        said = part if self._unpack is None or not part else self._unpacked(self._unpack, part)
        self._size += len(said)
        if self._size > self._most:
            raise TooMuch(f"sends more than {size_of(self._most)} in one answer")
        return said

    def end(self) -> None:
        """The body is over. Raises Garbled when its compressed data isn't."""
        if self._unpack is not None and self._begun and not self._unpack.eof:
            raise Garbled("its compressed data ends early")

    def _unpacked(self, unpack: "zlib._Decompress", part: bytes) -> bytes:
        self._begun = True
        if unpack.eof:
            raise Garbled("its compressed data goes on after its end")
        try:
            # One byte beyond the bound tells that there is more; what is left of `part` isn't kept.
            said = unpack.decompress(part, self._most - self._size + 1)
        except zlib.error:
            raise Garbled("its compressed data is damaged") from None
        if unpack.unused_data:
            raise Garbled("its compressed data goes on after its end")
        return said


def read_whole(parts: Iterable[bytes], encoding: str, *, most: int, seconds: float) -> bytes:
    """A body as it is on the wire, decompressed: at most `most` bytes, within so many seconds.

    Raises Garbled, TooMuch; TimeoutError when it comes too slowly.
    """
    body, content = Body(encoding, most), bytearray()
    deadline = time.monotonic() + seconds
    for part in parts:
        content += body.take(part)
        if time.monotonic() > deadline:
            raise TimeoutError("the answer comes too slowly")
    body.end()
    return bytes(content)


def size_of(count: int) -> str:
    """A bound in bytes, for people."""
    return f"{count // 2**20} MiB" if count >= 2**20 else f"{count // 2**10} KiB"
