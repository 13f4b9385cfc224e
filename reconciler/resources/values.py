"""The plain values that everything is made of: JSON, field paths, addresses."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reconciler.resources.fields import is_resource_name

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]
Spec = Mapping[str, "Json"]

Path = tuple[str, ...]
"""Where a field is inside a spec, e.g. `("tools", "search", "stake")`."""

_PLAIN_SEGMENT = re.compile(r"[A-Za-z0-9_*-]+\Z")
_KIND = re.compile(r"[A-Za-z]{1,40}\Z")


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
        """`Kind/name` as an address; raises ValueError, which repeats nothing, on anything else.

        The name is one that a manifest may have: addresses of plans, states and command lines are
        printed as they are, and are parts of commands that are suggested.
        """
        kind, _, name = text.partition("/")
        if not (_KIND.match(kind) and is_resource_name(name)):
            raise ValueError("expected Kind/name, such as MCPServer/github")
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
