"""From a word to its page: codes, gates, exit codes, kinds and fields."""

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache

from reconciler.diagnostics import Code
from reconciler.explanations.codes import RULES
from reconciler.explanations.exits import EXITS
from reconciler.explanations.fields import kinds, page, paths
from reconciler.explanations.gates import CODES_OF_GATES, GATES
from reconciler.explanations.model import Explanation, Sort
from reconciler.resources import Gate


@cache
def topics() -> tuple[str, ...]:
    """Everything that can be explained: kinds and fields, gates, codes, exit codes."""
    names = (*paths(), *(gate.value for gate in Gate), *Code, *map(str, EXITS))
    return tuple(dict.fromkeys(map(str, names)))


def explain(topic: str) -> Explanation | None:
    """The page of a topic; None when there is none of that name."""
    if topic in set(Gate):
        return _gate(Gate(topic))
    if topic in set(Code):
        return _code(Code(topic))
    number = topic.removeprefix("exit-")
    if number.isdigit() and int(number) in EXITS:
        return _exit(int(number))
    return page(topic) or _loosely(topic)


def closest(topic: str) -> tuple[str, ...]:
    """Topics that were perhaps meant, the likeliest first."""
    by_folded = {name.casefold(): name for name in topics()}
    near = get_close_matches(topic.casefold(), by_folded, n=3, cutoff=0.6)
    return tuple(by_folded[name] for name in near)


def pages() -> Iterator[Explanation]:
    """The page of every topic, in the order of `topics`."""
    for topic in topics():
        found = explain(topic)
        assert found is not None, topic
        yield found


def _loosely(topic: str) -> Explanation | None:
    """A field as people say it: the kind in any letter case, `spec` left out."""
    kind, dot, rest = topic.partition(".")
    known = {name.casefold(): name for name in kinds()}.get(kind.casefold())
    if known is None:
        return None
    return page(known + dot + rest) or (page(f"{known}.spec.{rest}") if rest else None)


def _code(code: Code) -> Explanation:
    rule = RULES[code]
    gate = CODES_OF_GATES.get(code)
    return Explanation(
        topic=code.value,
        sort=Sort.CODE,
        means=rule.means,
        facts=(("gate", gate.value),) if gate else (),
        todo=rule.todo,
        bad=rule.bad,
        good=rule.good,
    )


def _gate(gate: Gate) -> Explanation:
    hold = GATES[gate]
    rule = RULES[Code(gate.value)] if gate.value in set(Code) else None
    flag = f"`--allow {gate.value}` lifts it for one run" if hold.allowed else ""
    none = "" if hold.allowed or gate is Gate.POLICY else "no flag lifts it"
    return Explanation(
        topic=gate.value,
        sort=Sort.GATE,
        means=hold.holds_back,
        facts=(("flag", flag or none),) if flag or none else (),
        todo=tuple(dict.fromkeys((*hold.ways_out, *(rule.todo if rule else ())))),
        good=hold.good,
    )


def _exit(number: int) -> Explanation:
    means, todo = EXITS[number]
    return Explanation(
        topic=str(number),
        sort=Sort.EXIT,
        means=means[0].upper() + means[1:] + ".",
        todo=(todo,) if todo else (),
    )
