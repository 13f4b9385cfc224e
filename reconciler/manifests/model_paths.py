"""Follows the path of a validation error through the models, to the entry of the manifest.

An error's path also names the member of each union that was tried; those names aren't keys of
the manifest and may be spelled like one, so the models must say which is which.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, Discriminator, Tag
from pydantic.fields import FieldInfo

from reconciler.manifests.faults import At


@dataclass(frozen=True, slots=True)
class Target:
    """Where a path leads: the entry, the model or type there, what is expected of it.

    `of_key` says that the key itself is at fault.
    """

    at: At
    type: Any
    expectation: str = ""
    of_key: bool = False


@dataclass(frozen=True, slots=True)
class _Step:
    type: Any
    expectation: str
    discriminator: Any = None


@cache
def aliases(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """The fields of a model by the names that manifests use."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def follow(model: type[BaseModel], location: Sequence[str | int]) -> Target:
    """The target of `location`, a path as pydantic reports it for `model`."""
    step, at, of_key = _Step(model, ""), list[str | int](), False
    segments: Iterator[str | int] = iter(location)
    for segment in segments:
        if segment == "[key]" and get_origin(_at(model, at[:-1]).type) is dict:
            step, of_key = _unwrap(get_args(_at(model, at[:-1]).type)[0]), True
            break
        members = _members(step)
        if members:
            step = members.get(str(segment), _Step(None, step.expectation))
            continue
        at.append(segment)
        step = _below(step, segment)
    return Target(tuple(at), step.type, step.expectation, of_key)


def type_at(model: type[BaseModel], at: Sequence[str | int]) -> Any:
    """The type of the entry at a path of the manifest; of a union, the first member that fits."""
    return _at(model, at).type


def _at(model: type[BaseModel], at: Sequence[str | int]) -> _Step:
    step = _Step(model, "")
    for segment in at:
        options = list(_members(step).values()) or [step]
        step = next((s for o in options if (s := _below(o, segment)).type), _Step(None, ""))
    return step


def _below(step: _Step, segment: str | int) -> _Step:
    kind = step.type
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = aliases(kind).get(str(segment))
        if field is None:
            return _Step(None, "")
        inner = _unwrap(Annotated[field.annotation, *field.metadata, field])
        return _Step(inner.type, inner.expectation, inner.discriminator or field.discriminator)
    if get_origin(kind) is tuple:
        return _unwrap(get_args(kind)[0])
    if get_origin(kind) is dict:
        return _unwrap(get_args(kind)[1])
    return _Step(None, step.expectation)


def _unwrap(kind: Any) -> _Step:
    """Take `Annotated` and `| None` off; the innermost description tells what is expected."""
    expectation, discriminator = "", None
    while True:
        if get_origin(kind) is Annotated:
            kind, *metadata = get_args(kind)
            for item in metadata:
                if isinstance(item, FieldInfo):
                    expectation = item.description or expectation
                    discriminator = item.discriminator or discriminator
                elif isinstance(item, Discriminator):
                    discriminator = item
        elif get_origin(kind) in (Union, UnionType):
            options = [option for option in get_args(kind) if option is not NoneType]
            if len(options) != 1:
                return _Step(kind, expectation, discriminator)
            (kind,) = options
        else:
            return _Step(kind, expectation, discriminator)


def _members(step: _Step) -> dict[str, _Step]:
    """The members of a union by the tag under which pydantic reports them."""
    if step.discriminator is None:
        return {}
    members: dict[str, _Step] = {}
    for option in get_args(step.type):
        inner = _unwrap(option)
        if isinstance(step.discriminator, str):
            for value in get_args(inner.type.model_fields[step.discriminator].annotation):
                members[value] = inner
        else:
            tags = [item.tag for item in get_args(option)[1:] if isinstance(item, Tag)]
            members.update(dict.fromkeys(tags, inner))
    return members


def literals(kind: Any) -> tuple[str, ...]:
    """The words of a `Literal` type; nothing for another type."""
    return get_args(kind) if get_origin(kind) is Literal else ()


def field_names(kind: Any) -> tuple[str, ...]:
    """The fields of a model by the names that manifests use; nothing for another type."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return tuple(aliases(kind))
    return ()
