"""Model-facing tool names, and when those of two servers collide.

Dust API: a tool's name for the model is slug(server) + "__" + slug(tool), the server's part cropped
so that the whole fits 64 characters.
"""

import re
import unicodedata
from collections.abc import Iterable

LIMIT = 64
_SEPARATOR = "__"


def slug(text: str) -> str:
    """Lower-case ASCII with underscores."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "_", plain.strip()).strip("_")


def model_name(server: str, tool: str) -> str:
    """What the model calls a tool; the bare tool when no prefix fits."""
    tool_slug = slug(tool)
    room = LIMIT - len(_SEPARATOR) - len(tool_slug)
    if room <= 0:
        return tool_slug
    return f"{slug(server)[:room]}{_SEPARATOR}{tool_slug}"


def shared_name(
    server: str, tools: Iterable[str], other: str, other_tools: Iterable[str]
) -> str | None:
    """A model-facing name that both servers would claim; None when there is none."""
    common = {model_name(server, tool) for tool in tools} & {
        model_name(other, tool) for tool in other_tools
    }
    return min(common, default=None)
