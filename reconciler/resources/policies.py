"""What the core must know about a kind: data that planning interprets, never code per kind."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from reconciler.resources.values import Address, Json, Path, Spec


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldPolicy:
    """How one field behaves.

    - `unordered`: a list that compares as a set.
    - `write_only`: the workspace never tells the value; only whether there is one.
    - `presence`: for a write-only field, the workspace does tell whether there is one.
    - `secret`: the value is a secret reference (or may be one).
    - `references`: the list names resources of this kind.
    - `owned_map`: (paths ending in `*`) keys that live has and the manifest lacks are removed.
    - `replaces(before, after)`: whether that change needs a new object.
    - `casefold`: compares without regard to letter case.
    """

    unordered: bool = False
    write_only: bool = False
    presence: bool = False
    secret: bool = False
    references: str | None = None
    owned_map: bool = False
    casefold: bool = False
    replaces: Callable[[Json, Json], bool] = field(default=lambda _before, _after: False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindDefinition:
    """One kind as data.

    `fields` maps path patterns (`*` stands for any one key) to policies; every leaf of a spec
    has one. `defaults(name, spec)` fills what the manifest may leave out although it is managed.
    `expand(spec, live)` spells a spec out against what the live object offers (e.g. a default
    for every tool). `identity` are the top-level fields by which an object of unknown outcome,
    or a stranger in the way, is recognised. `folds_names` says that the platform compares
    display names without regard to letter case, `unique_names` that it refuses to make a second
    object of the same name, so that there is no harm in asking once more.
    """

    name: str
    spec_model: type[BaseModel]
    manifest_model: type[BaseModel]
    fields: Mapping[Path, FieldPolicy]
    identity: tuple[str, ...]
    folds_names: bool = False
    unique_names: bool = False
    defaults: Callable[[str, Spec], Spec] = field(default=lambda _name, spec: spec)
    expand: Callable[[Spec, Spec | None], Spec] = field(default=lambda spec, _live: spec)
    references: Callable[[Spec], tuple[Address, ...]] = field(default=lambda _spec: ())

    def name_key(self, title: str) -> str:
        """A display name in the form in which the platform compares it."""
        return title.strip().casefold() if self.folds_names else title

    def policy(self, path: Path) -> FieldPolicy:
        """The policy of a concrete path; KeyError means a bug in the kind's table."""
        for pattern, policy in self.fields.items():
            if len(pattern) == len(path) and all(
                want in ("*", have) for want, have in zip(pattern, path, strict=True)
            ):
                return policy
        raise KeyError(path)

    def leaves(self, spec: Spec) -> Iterator[tuple[Path, FieldPolicy, Any]]:
        """Every managed leaf of `spec` in the order of the table: path, policy, raw value."""
        return _leaves(self.fields.items(), spec)

    def secret_leaves(self, spec: Spec) -> Iterator[tuple[Path, FieldPolicy, Any]]:
        """Those of `leaves` that are, or may be, secret references."""
        return _leaves(((p, policy) for p, policy in self.fields.items() if policy.secret), spec)

    def misfit(self, spec: Spec) -> Path | None:
        """Where `spec` hasn't the shape that the fields give it; None when it has.

        It is only about shape: a spec of another version of the tool may have other fields, and
        values that are no longer allowed.
        """
        for pattern, policy in self.fields.items():
            found = _misfit(pattern, policy, spec, ())
            if found is not None:
                return found
        return None


def _misfit(pattern: Path, policy: FieldPolicy, value: Any, path: Path) -> Path | None:
    if not pattern:
        return None if _fits(policy, value) else path
    if not isinstance(value, dict):
        return path
    head, *rest = pattern
    for key in value if head == "*" else value.keys() & {head}:
        found = _misfit(tuple(rest), policy, value[key], (*path, key))
        if found is not None:
            return found
    return None


def _fits(policy: FieldPolicy, value: Any) -> bool:
    if policy.unordered:
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if policy.secret and isinstance(value, dict):
        return all(isinstance(each, str) for each in value.values())
    return not isinstance(value, dict | list)


def _leaves(
    table: Iterable[tuple[Path, FieldPolicy]], spec: Spec
) -> Iterator[tuple[Path, FieldPolicy, Any]]:
    for pattern, policy in table:
        if pattern[0] in spec:
            for path, value in _walk(pattern, 0, spec, ()):
                yield path, policy, value


def _walk(pattern: Path, at: int, value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    """The values that `pattern` names from its segment `at` on; specs are made of plain dicts."""
    while at < len(pattern):
        if not isinstance(value, dict):
            return
        segment = pattern[at]
        at += 1
        if segment == "*":
            for key in sorted(value):
                yield from _walk(pattern, at, value[key], (*path, key))
            return
        if segment not in value:
            return
        value = value[segment]
        path = (*path, segment)
    yield path, value
