"""What can be explained, as values: rules behind codes, gates, fields, and the page of each."""

from dataclasses import dataclass
from enum import StrEnum


class Sort(StrEnum):
    """What a topic is."""

    CODE = "code"
    GATE = "gate"
    EXIT = "exit code"
    KIND = "kind"
    FIELD = "field"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """The words for one diagnostic code.

    `means` says what the rule is and why, `todo` what to do about it, a line each. `bad` and
    `good` are whole manifests, one that breaks the rule and the same without that fault; empty
    where no manifest is at fault.
    """

    means: str
    todo: tuple[str, ...]
    bad: str = ""
    good: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The words for one gate: what it holds back, the ways out, a line each, and in a manifest.

    `allowed` says that `--allow` lifts it for one run.
    """

    holds_back: str
    ways_out: tuple[str, ...]
    allowed: bool
    good: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """One field under another, in a line; `modes` are those of `auth` that have it."""

    name: str
    type: str
    required: bool
    means: str
    modes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The page of one topic.

    `facts` are labelled lines such as a field's default; `children` the fields below it.
    """

    topic: str
    sort: Sort
    means: str
    facts: tuple[tuple[str, str], ...] = ()
    todo: tuple[str, ...] = ()
    bad: str = ""
    good: str = ""
    children: tuple[Child, ...] = ()
