"""What differs between the APIs of forges: headers, the words of refusals, how they ask to wait."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from reconciler.forges.failures import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One HTTP answer, its body read whole.

    Parameters: `headers` have names in lower case; `value` is the body as JSON, None when it is
    none; `more` says that a list goes on.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    value: Any
    more: bool = False

    @property
    def words(self) -> str:
        """What the forge says of a failure, cut short; empty when it says nothing."""
        said = self.value.get("message") if isinstance(self.value, dict) else None
        return said[:200] if isinstance(said, str) else ""


class Manners(Protocol):
    """One forge's."""

    @property
    def name(self) -> str:
        """The forge, as people call it."""
        ...

    def headers(self, token: str) -> Mapping[str, str]:
        """The headers that carry the token."""
        ...

    def wait(self, answer: Answer, now: float) -> float | None:
        """Seconds to wait when the answer says that there were too many calls, else None."""
        ...

    def refusal(self, answer: Answer, call: str, needs: str) -> Refused:
        """The refusal in words; `needs` is the permission that the call takes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long to go on: `attempts` for a call, and `total` seconds of waiting for it.

    `first` is the first wait where none was told, doubled each time; `timeout` is for one
    exchange, in seconds; `sleep` and `clock` (Unix time) are the machine's; `say` is told of each
    wait before it.
    """

    attempts: int = 4
    total: float = 180.0
    first: float = 1.0
    timeout: float = 30.0
    sleep: Callable[[float], None] = field(default=time.sleep)
    clock: Callable[[], float] = field(default=time.time)
    say: Callable[[str], None] = field(default=lambda _line: None)

    def pause(self, attempt: int, told: float | None) -> float:
        """Seconds to wait after `attempt` (from 1)."""
        return self.first * 2.0 ** (attempt - 1) if told is None else told


def seconds(text: str | None) -> float | None:
    """A number of seconds in a header; None when it is none."""
    if text is None or not text.isascii() or not text.isdigit():
        return None
    return float(text[:12])
