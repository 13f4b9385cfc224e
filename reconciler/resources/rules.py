"""The rules of a policy: what an organisation asks of its resources and of changes to them."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, model_validator

from reconciler.resources.fields import ResourceName
from reconciler.resources.strict import Strict

LONGEST_EXPRESSION = 2000
"""Characters; with the limits on what it may build, this bounds what an expression can cost."""
MOST_RULES = 200


class PolicyRule(Strict):
    """One rule: what must hold, and what happens where it doesn't."""

    name: Annotated[
        ResourceName,
        Field(
            description="The rule's name in messages: lower-case letters, digits, `.`, `_` and "
            "`-`, at most 63 characters."
        ),
    ]
    on: Annotated[
        Literal["resource", "change"],
        Field(
            description="What the rule is held against: each `resource` as its manifest says, or "
            "each `change` of a plan."
        ),
    ]
    kinds: Annotated[
        tuple[Literal["Space", "MCPServer"], ...] | None,
        Field(
            default=None,
            description="The kinds that the rule is for. Default: every kind.",
        ),
    ] = None
    action: Annotated[
        Literal["deny", "warn"],
        Field(description="`deny` refuses what breaks the rule, `warn` says so and goes on."),
    ]
    message: Annotated[
        str,
        Field(
            min_length=1,
            max_length=300,
            pattern=r"^[^\x00-\x1f\x7f]+$",
            description="What people read when the rule is broken: one line of at most 300 "
            "characters.",
        ),
    ]
    overridable: Annotated[
        StrictBool,
        Field(
            default=False,
            description="Whether `--allow policy:NAME` lets a run do what the rule denies.",
        ),
    ] = False
    cel: Annotated[
        str | None,
        Field(
            default=None,
            min_length=1,
            max_length=LONGEST_EXPRESSION,
            description="A CEL expression that must be true, over `resource`, and in a rule on "
            f"changes `change` and `live`; at most {LONGEST_EXPRESSION:,} characters.",
        ),
    ] = None
    shape: Annotated[
        dict[str, Any] | None,
        Field(
            default=None,
            alias="schema",
            description="A JSON Schema (draft 2020-12) that the resource or the change must fit.",
        ),
    ] = None

    @model_validator(mode="after")
    def _tests_something(self) -> Self:
        if (self.cel is None) == (self.shape is None):
            raise ValueError("give a rule exactly one of `cel` and `schema`")
        if self.kinds == ():
            raise ValueError("`kinds` is empty: name a kind, or leave it out for every kind")
        return self
