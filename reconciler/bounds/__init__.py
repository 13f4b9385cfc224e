"""What every answer from outside is held to, whoever asks: bytes once unpacked, values, time."""

from reconciler.bounds.bodies import ENCODINGS, Body, Garbled, TooMuch, read_whole, size_of
from reconciler.bounds.lines import Lines

__all__ = [
    "ENCODINGS",
    "Body",
    "Garbled",
    "Lines",
    "TooMuch",
    "read_whole",
    "size_of",
]
