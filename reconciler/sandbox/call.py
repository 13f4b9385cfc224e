"""One API call: the request, who makes it, and what it may reach."""

import asyncio
import json
import re
from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from starlette.requests import Request
from starlette.responses import Response

from reconciler.sandbox.envelope import ApiError, bad_request, validation_message
from reconciler.sandbox.probe import Prober
from reconciler.sandbox.records import Role, User, Workspace
from reconciler.sandbox.settings import SandboxSettings
from reconciler.sandbox.store import Store


class Body(BaseModel):
    """A request body: strict types, camelCase keys, unknown keys stripped.

    A key that may be left out but not be null has a default of its own type; whether it was
    sent is in `model_fields_set`.
    """

    model_config = ConfigDict(
        strict=True, extra="ignore", alias_generator=to_camel, validate_by_name=False, frozen=True
    )


B = TypeVar("B", bound=Body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """What every call shares; `locks` has one lock an OAuth connection."""

    settings: SandboxSettings
    store: Store
    prober: Prober
    locks: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call whose caller is known.

    `user` is None for API keys; `role` is the caller's role in the workspace.
    """

    sandbox: Sandbox
    request: Request
    workspace: Workspace
    user: User | None
    role: Role

    @property
    def store(self) -> Store:
        """The database."""
        return self.sandbox.store

    @property
    def origin(self) -> str:
        """Where the sandbox is for the caller, without a slash at the end."""
        return str(self.request.base_url).rstrip("/")

    @property
    def is_admin(self) -> bool:
        """Whether the caller administers the workspace."""
        return self.role is Role.ADMIN

    @property
    def user_id(self) -> int | None:
        """The caller's row, where there is one."""
        return None if self.user is None else self.user.id

    def person(self) -> User:
        """The caller, for routes that need a human.

        Raises:
            RuntimeError: the caller is an API key.
        """
        if self.user is None:
            raise RuntimeError("unexpected unauthenticated call to `getNonNullableUser`")
        return self.user

    def path(self, name: str) -> str:
        """A segment of the path, decoded."""
        return str(self.request.path_params[name])

    def flag(self, name: str) -> bool:
        """A boolean of the query."""
        return self.request.query_params.get(name) == "true"

    def param(self, name: str) -> str | None:
        """One value of the query."""
        return self.request.query_params.get(name)

    def params(self, name: str) -> list[str]:
        """All values of a repeatable query parameter."""
        return self.request.query_params.getlist(name)

    async def json(self) -> object:
        """The body, parsed.

        Raises:
            ApiError: 400, it is not JSON.
        """
        try:
            parsed: object = json.loads(await self.request.body())
        except (ValueError, RecursionError) as error:  # also undecodable text
            raise bad_request("Malformed JSON in request body") from error
        return parsed

    async def body(self, shape: type[B]) -> B:
        """The body as a model.

        Raises:
            ApiError: 400, it does not fit.
        """
        return parse(shape, await self.json())


Handler = Callable[[Call], Awaitable[Response]]


def parse(shape: type[B], raw: object) -> B:
    """A parsed body as a model.

    Raises:
        ApiError: 400, it does not fit.
    """
    try:
        return shape.model_validate(raw)
    except ValidationError as error:
        raise bad_request(f"Invalid request body: {validation_message(error)}") from error


def first_fit(raw: object, *shapes: type[Body]) -> Body:
    """A union tried in order: the first shape that fits wins and strips the others' keys.

    Raises:
        ApiError: 400, none fits.
    """
    for shape in shapes:
        try:
            return shape.model_validate(raw)
        except ValidationError:
            continue
    raise bad_request("Invalid request body: Validation error: Invalid input")


def query_error(message: str) -> ApiError:
    """400 for a query parameter."""
    return bad_request(f"Invalid query parameters: Validation error: {message}")


_SID = re.compile(r"^(rms|ims)_[A-Za-z0-9]{6,}$")


def is_server_sid(text: str) -> bool:
    """Whether a server id can be decoded at all."""
    return _SID.match(text) is not None
