"""The base of every model that comes from a manifest."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Strict(BaseModel):
    """Base of every manifest model: unknown keys are errors, values don't change, camelCase."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, regex_engine="rust-regex"
    )
