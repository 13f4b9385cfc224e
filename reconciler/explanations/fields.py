"""Kinds and their fields: from the models that check manifests, and the policies of planning."""

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import permutations

from reconciler.explanations.examples import server, space, workspace
from reconciler.explanations.model import Child, Explanation, Sort
from reconciler.explanations.shapes import Shape
from reconciler.manifests import schemas
from reconciler.resources import KINDS, WORKSPACE_KIND, FieldPolicy

_EXAMPLES = {WORKSPACE_KIND: workspace, "Space": space, "MCPServer": server}
_NEVER = FieldPolicy().replaces


@cache
def kinds() -> Mapping[str, Shape]:
    """The shape of each kind's manifests."""
    documents = schemas()
    found = {}
    for kind in (WORKSPACE_KIND, *KINDS):
        document = documents[f"{kind.lower()}.schema.json"]
        found[kind] = Shape(schema=document, definitions=document["$defs"])
    return found


def paths() -> Iterator[str]:
    """Every kind and every field as a topic: `MCPServer.spec.auth.token`."""
    for kind, shape in kinds().items():
        yield from _below(kind, shape)


def _below(topic: str, shape: Shape) -> Iterator[str]:
    yield topic
    for name, child in shape.children().items():
        yield from _below(f"{topic}.{name}", child)


def page(topic: str) -> Explanation | None:
    """The page of a kind or a field; names of mappings may be any. None for what is no field."""
    kind, *path = topic.split(".")
    shape = kinds().get(kind)
    if shape is None:
        return None
    for name in path:
        below = shape.children()
        found = below.get(name) or below.get("*")
        if found is None:
            return None
        shape = found
    return _page(topic, kind, tuple(path), shape)


def _page(topic: str, kind: str, path: tuple[str, ...], shape: Shape) -> Explanation:
    below = shape.children()
    return Explanation(
        topic=topic,
        sort=Sort.FIELD if path else Sort.KIND,
        means=_means(shape),
        facts=tuple(_facts(kind, path, shape)) if path else (),
        good="" if path else _EXAMPLES[kind](),
        children=tuple(
            Child(
                name=name,
                type=child.type,
                required=child.required,
                means=_means(child),
                modes=child.modes,
            )
            for name, child in below.items()
        ),
    )


def _means(shape: Shape) -> str:
    node = shape.node
    if "description" in node:
        return str(node["description"])
    options = [
        f"`{option.node['properties']['mode']['const']}`: {option.node['description']}"
        for option in shape.options
        if "mode" in option.node.get("properties", {})
    ]
    if options:
        return " ".join(options)
    if {"env", "literal"} <= set(shape.children()):
        return "Where the value is kept, or a value that is no secret."
    values = shape.values
    return f"One of {', '.join(values)}." if values else ""


def _facts(kind: str, path: tuple[str, ...], shape: Shape) -> Iterator[tuple[str, str]]:
    node = shape.node
    yield "type", shape.type
    yield "required", "yes" if shape.required else "no"
    if shape.modes:
        yield "with mode", ", ".join(shape.modes)
    if "default" in node:
        yield "default", _plain(node["default"])
    if shape.values:
        yield "values", ", ".join(shape.values)
    yield from shape.limits
    if node.get("examples"):
        yield "examples", ", ".join(map(str, node["examples"]))
    yield from _policy(kind, path, shape)


def _plain(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_plain(inner)}" for key, inner in value.items()) + "}"
    return str(value)


def _policy(kind: str, path: tuple[str, ...], shape: Shape) -> Iterator[tuple[str, str]]:
    """How planning treats a field of a spec."""
    if kind not in KINDS or path[:1] != ("spec",):
        return
    try:
        policy = KINDS[kind].policy(path[1:])
    except KeyError:
        return
    if policy.replaces is not _NEVER:
        yield "immutable", _immutable(policy, shape.values)
    if policy.write_only:
        told = "only whether there is a value" if policy.presence else "nothing of it"
        yield "write-only", f"the workspace tells {told}; what was applied is remembered"
    if policy.secret:
        yield "secret", "a rotated value is noticed by its fingerprint, and written"
    if policy.unordered:
        yield "set", "order doesn't matter"
    if policy.casefold:
        yield "letter case", "doesn't matter" + (" in names" if policy.owned_map else "")
    if policy.owned_map:
        yield "whole", "names that the workspace has and the manifest lacks are removed there"
    if policy.references:
        yield "names", f"resources of the kind {policy.references}"


def _immutable(policy: FieldPolicy, values: tuple[str, ...]) -> str:
    in_place = [
        f"{before} → {after}"
        for before, after in permutations(values, 2)
        if not policy.replaces(before, after)
    ]
    makes = "another value makes a new object and deletes the old one"
    return f"{makes}, except {', '.join(in_place)}" if in_place else makes
