"""The YAML parser that reading and locating share: libyaml's, through its events.

Events come one at a time, from a parser that keeps its own stack: text nested 100,000 levels deep
can't exhaust ours, as composing nodes from it would.
"""

from typing import Protocol, cast

import yaml


class Parser(Protocol):
    """What is used of PyYAML's parsers."""

    def get_event(self) -> yaml.Event | None:
        """The next event, or None at the end; raises yaml.YAMLError."""
        ...


_PARSER = getattr(getattr(yaml, "cyaml", None), "CParser", yaml.BaseLoader)


def open_parser(data: bytes) -> Parser:
    """A parser of UTF-8 text; the pure Python one where PyYAML was built without libyaml."""
    return cast("Parser", _PARSER(data))
