"""What is opened in a browser, and what is heard of it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from reconciler.views import Ending, Review
from tests.views.endings import ending
from tests.views.html import scenes

if TYPE_CHECKING:
    from playwright.sync_api import Page

Opener = Callable[..., "Page"]
"""Opens a scene by name, in a window of some width."""

SCENES: dict[str, Callable[[], Review | Ending]] = {
    "lifelike": scenes.lifelike,
    "hostile": scenes.hostile,
    "settled": scenes.settled,
    "stopped": scenes.stopped,
    "ending": ending,
    "large": partial(scenes.large, 5000),
}


@dataclass(kw_only=True)
class Heard:
    """What the browser complained about, and what it asked for."""

    complaints: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
