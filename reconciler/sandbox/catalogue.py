"""The servers Dust knows by itself: remote presets and built-in (internal) tools."""

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from reconciler.sandbox.records import Availability, Stake
from reconciler.sandbox.store import Store


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True)


class RemotePreset(_Entry):
    """A remote server whose name, icon and stakes Dust sets by itself when the URL matches.

    Keys of `tool_stakes` may be patterns (`list_*`); the first that matches a tool counts.
    """

    id: int
    name: str
    description: str
    url: str
    icon: str = "ActionCommand1Icon"
    auth_method: Literal["bearer", "oauth-dynamic", "oauth-static"] | None = None
    scope: str | None = None
    supported_use_cases: list[str] = Field(
        default_factory=lambda: ["platform_actions", "personal_actions"]
    )
    tool_stakes: dict[str, Stake] = Field(default_factory=dict)

    def stakes(self, tool_names: list[str]) -> dict[str, Stake]:
        """The stake of each tool it has an opinion on, exact names whether listed or not."""
        exact = {name: stake for name, stake in self.tool_stakes.items() if "*" not in name}
        for name in tool_names:
            for pattern, stake in self.tool_stakes.items():
                if name not in exact and fnmatchcase(name, pattern):
                    exact[name] = stake
                    break
        return exact


class InternalPreset(_Entry):
    """A tool built into Dust."""

    name: str
    description: str
    icon: str
    availability: Availability
    allow_multiple_instances: bool
    takes_bearer: bool = False
    tools: list[str]

    def tool_list(self) -> list[dict[str, object]]:
        """Its tools as the server JSON shows them."""
        return [
            {"name": name, "description": "", "inputSchema": {"type": "object"}}
            for name in self.tools
        ]


@dataclass(frozen=True, slots=True)
class _BuiltIn:
    remote: tuple[RemotePreset, ...]
    internal: tuple[InternalPreset, ...]


@cache
def _built_in() -> _BuiltIn:
    text = files("reconciler.sandbox").joinpath("catalogue.json").read_text(encoding="utf-8")
    raw = json.loads(text)
    return _BuiltIn(
        tuple(RemotePreset.model_validate(entry) for entry in raw["remote"]),
        tuple(InternalPreset.model_validate(entry) for entry in raw["internal"]),
    )


def internal_presets() -> tuple[InternalPreset, ...]:
    """The tools built into Dust."""
    return _built_in().internal


def internal_preset(name: str | None) -> InternalPreset | None:
    """The built-in tool of this registry name."""
    return next((preset for preset in internal_presets() if preset.name == name), None)


def remote_presets(store: Store) -> list[RemotePreset]:
    """The remote presets: those of the seed, then Dust's own."""
    extra = store.values("SELECT document FROM catalogue_entry ORDER BY id")
    return [*(RemotePreset.model_validate_json(row[0]) for row in extra), *_built_in().remote]


def matching_preset(store: Store, url: str, preset_id: int | None) -> RemotePreset | None:
    """The preset whose URL is exactly this one, else the one with this id."""
    presets = remote_presets(store)
    by_url = next((preset for preset in presets if preset.url and preset.url == url), None)
    return by_url or next((preset for preset in presets if preset.id == preset_id), None)


def remember_preset(store: Store, preset: RemotePreset) -> None:
    """Add a preset to the catalogue."""
    store.insert(
        "catalogue_entry",
        id=preset.id,
        url=preset.url,
        document=preset.model_dump_json(by_alias=True),
    )
