"""A JSON Schema read as a tree of fields: what a place holds, in words, and what is below it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "mapping",
}
_MOST_VALUES = 12
_HERE = "#/$defs/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One place of a manifest; `modes` are those of `auth` in which there is such a field."""

    schema: Mapping[str, Any]
    definitions: Mapping[str, Any]
    required: bool = False
    modes: tuple[str, ...] = ()

    @property
    def node(self) -> Mapping[str, Any]:
        """What is said of the place: its own words before those of the model that it refers to."""
        return _merged(self.definitions[self._name], self.schema) if self._name else self.schema

    @property
    def options(self) -> "tuple[Shape, ...]":
        """What it may be, where there are several."""
        listed = self.node.get("oneOf") or self.node.get("anyOf") or ()
        return tuple(self._at(each) for each in listed)

    @property
    def type(self) -> str:
        """The type in words."""
        node = self.node
        if node.get("type") == "array":
            return f"list of {self._at(node['items']).type}"
        if self._keys is not None:
            return f"mapping of names to {self._keys.type}"
        if self.options:
            return " or ".join(dict.fromkeys(each.type for each in self.options))
        if self._name.endswith("Reference"):
            return "secret reference"
        if self._name == "LiteralValue":
            return "literal"
        return _TYPES[node.get("type", "object")]

    @property
    def values(self) -> tuple[str, ...]:
        """The values that are allowed, where they are few enough to be listed."""
        node = self.node
        if "const" in node:
            return (str(node["const"]),)
        inner = node["items"] if node.get("type") == "array" else node
        return tuple(map(str, self._at(inner).node.get("enum", ())))

    @property
    def limits(self) -> Iterator[tuple[str, str]]:
        """What else is asked of a value, labelled."""
        node = self.node
        for label, key in (
            ("at least", "minimum"),
            ("at most", "maximum"),
            ("shortest", "minLength"),
            ("longest", "maxLength"),
            ("most items", "maxItems"),
        ):
            if key in node:
                yield label, str(node[key])

    def children(self) -> "dict[str, Shape]":
        """The fields below it, by name; `*` for any name of a mapping."""
        node = self.node
        if node.get("type") == "array":
            return self._at(node["items"]).children()
        if self._keys is not None:
            return {"*": self._keys}
        found: dict[str, Shape] = {}
        for name, schema in node.get("properties", {}).items():
            found[name] = self._at(schema, required=name in node.get("required", ()))
        for option in self.options:
            below = option.children()
            modes = below["mode"].values if "mode" in below else ()
            for name, child in below.items():
                # Of references without a mode, one is given: no key is required by itself.
                told = replace(
                    child,
                    modes=modes if name != "mode" else (),
                    required=child.required and bool(modes),
                )
                found[name] = found[name].joined(told) if name in found else told
        return found

    def joined(self, other: "Shape") -> "Shape":
        """The same field of two models: one place that may hold either's values."""
        modes = (*self.modes, *other.modes)
        mine, theirs = self.values, other.values
        if not (mine and theirs) or mine == theirs:
            return replace(self, modes=modes)
        merged = {key: value for key, value in self.node.items() if key != "const"}
        merged["enum"] = list(dict.fromkeys((*mine, *theirs)))
        return replace(self, schema=merged, modes=modes)

    @property
    def _name(self) -> str:
        """The model that it refers to, if any."""
        return str(self.schema.get("$ref", "")).removeprefix(_HERE)

    @property
    def _keys(self) -> "Shape | None":
        node = self.node
        for listed in (
            node.get("additionalProperties"),
            *node.get("patternProperties", {}).values(),
        ):
            if isinstance(listed, dict):
                return self._at(listed)
        return None

    def _at(self, schema: Mapping[str, Any], *, required: bool = False) -> "Shape":
        return Shape(schema=schema, definitions=self.definitions, required=required)


def _merged(model: Mapping[str, Any], here: Mapping[str, Any]) -> Mapping[str, Any]:
    """A model as one place has it; what that place says of a field is added to the field."""
    fields = dict(model.get("properties", {}))
    for name, more in here.get("properties", {}).items():
        fields[name] = {**fields.get(name, {}), **more}
    return {**model, **here, "properties": fields}
