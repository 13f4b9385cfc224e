"""The plain values that everything is made of: JSON, field paths, addresses."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
Spec = Mapping[str, "Json"]

Path = tuple[str, ...]
"""Where a field is inside a spec, e.g. `("tools", "search", "stake")`."""

_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9_*-]+\Z")


def show_path(path: Path) -> str:
    """The path as people read it: dots between segments, quotes where a segment needs them."""
    return ".".join(p if _PLAIN_SEGMENT.match(p) else f'"{p}"' for p in path)


@dataclass(frozen=True, slots=True, order=True)
class Address:
    """The identity of a resource for life: `Kind/name`."""

    kind: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"

    @classmethod
    def parse(cls, text: str) -> "Address":
        """`Kind/name` as an address; raises ValueError on anything else.

        So it does for what moves a terminal's cursor: addresses of plans and states are printed.
        """
        kind, slash, name = text.partition("/")
        if not (slash and kind and name and text.isprintable()):
            raise ValueError(f"expected Kind/name, got {text!r}")
        return cls(kind, name)


def without(spec: Spec, path: Path) -> Spec:
    """`spec` without the leaf at `path`; without all of its top-level key if there is no such leaf.

    The spec itself stays as it is.
    """
    head, *rest = path
    if head not in spec:
        return spec
    inner = spec[head]
    if rest and isinstance(inner, dict) and rest[0] in inner:
        left = without(inner, tuple(rest))
        if left:
            return {**spec, head: left}
    return {key: value for key, value in spec.items() if key != head}
