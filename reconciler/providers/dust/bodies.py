"""Bodies of answers, decompressed here: never more at once than there is room for."""

import zlib

ENCODINGS = "gzip"
"""What a request says that it can take."""
_GZIP = zlib.MAX_WBITS | 16
_KNOWN = {"": False, "identity": False, "gzip": True, "x-gzip": True}


class Garbled(Exception):
    """A body that isn't encoded as its header says, or in a way that nobody asked for."""


class Body:
    """The decoder of one body; `encoding` is its `Content-Encoding`. Raises Garbled.

    Compressed data may end, or hold nothing, long before the answer does. So whoever reads must
    look after each part how much there is and how long it took, also when nothing came of it.
    """

    def __init__(self, encoding: str) -> None:
        packed = _KNOWN.get(encoding.strip().lower())
        if packed is None:
            raise Garbled("its content encoding isn't one that was asked for")
        self._unpack = zlib.decompressobj(_GZIP) if packed else None
        self._begun = False

    def take(self, part: bytes, room: int) -> bytes:
        """What the next part of the body says: `room` bytes, or a few more if it says too much.

        Raises Garbled.
        """
        if self._unpack is None or not part:
            return part
        self._begun = True
        if self._unpack.eof:
            raise Garbled("its compressed data goes on after its end")
        try:
            said = self._unpack.decompress(part, room + 1)
        except zlib.error:
            raise Garbled("its compressed data is damaged") from None
        if self._unpack.unused_data:
            raise Garbled("its compressed data goes on after its end")
        return said

    def end(self) -> None:
        """The body is over. Raises Garbled when its compressed data isn't."""
        if self._unpack is not None and self._begun and not self._unpack.eof:
            raise Garbled("its compressed data ends early")
