"""The rules of a workspace, compiled, and the verdicts that they come to."""

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.policy.expressions import compile_expression
from reconciler.policy.shapes import compile_schema
from reconciler.policy.subjects import change_value, live_value, resource_value
from reconciler.policy.verdicts import Bindings, Failure, Flaw, Flawed, Test
from reconciler.resources import Change, PolicyRule, Resource


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFlaw:
    """A flaw and the rule that has it; `index` is its place in the list, from 0."""

    index: int
    rule: PolicyRule
    flaw: Flaw


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A rule that doesn't hold, and why."""

    rule: PolicyRule
    failure: Failure

    @property
    def denies(self) -> bool:
        """Whether what breaks the rule may not happen."""
        return self.rule.action == "deny"


@dataclass(frozen=True, slots=True)
class Policy:
    """Compiled rules in the order in which they are written; judging never raises."""

    rules: tuple[tuple[PolicyRule, Test], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.rules)

    def on_resource(self, resource: Resource) -> tuple[Verdict, ...]:
        """The rules on resources that `resource` breaks."""
        if not self.rules:
            return ()
        return self._judge("resource", resource.address.kind, _of_resource(resource))

    def on_change(self, change: Change, consequences: tuple[str, ...]) -> tuple[Verdict, ...]:
        """The rules on changes that `change` breaks; what it deletes has no `resource`."""
        if not any(rule.on == "change" for rule, _test in self.rules):
            return ()
        bindings = {
            "change": change_value(change, consequences),
            "resource": resource_value(change.desired) if change.desired else None,
            "live": live_value(change.live) if change.live else None,
        }
        return self._judge("change", change.address.kind, bindings)

    def _judge(self, on: str, kind: str, bindings: Bindings) -> tuple[Verdict, ...]:
        return tuple(
            Verdict(rule=rule, failure=failure)
            for rule, test in self.rules
            if rule.on == on and (rule.kinds is None or kind in rule.kinds)
            if (failure := test(bindings)) is not None
        )


def _of_resource(resource: Resource) -> Bindings:
    return {"resource": resource_value(resource)}


def compile_policy(rules: Iterable[PolicyRule]) -> Policy:
    """The rules, ready to judge; raises Flawed with the flaws of all of them."""
    listed = tuple(rules)
    flaws = flaws_of(listed)
    if flaws:
        raise Flawed(*(item.flaw for item in flaws))
    return Policy(tuple((rule, _compile(rule)) for rule in listed))


def flaws_of(rules: Iterable[PolicyRule]) -> tuple[RuleFlaw, ...]:
    """Everything that keeps `rules` from being used."""
    found: list[RuleFlaw] = []
    for index, rule in enumerate(rules):
        try:
            _compile(rule)
        except Flawed as error:
            found += (RuleFlaw(index=index, rule=rule, flaw=flaw) for flaw in error.flaws)
    return tuple(found)


def _compile(rule: PolicyRule) -> Test:
    if rule.cel is not None:
        return compile_expression(rule.cel, rule.on)
    return compile_schema(rule.shape or {}, rule.on)
