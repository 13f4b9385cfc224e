"""The only type that holds a secret's value: it can't be shown, stored or compared by accident."""

from collections.abc import Callable
from typing import NoReturn, SupportsIndex, final


@final
class Secret:
    """A secret value. `reveal()` is the one way to it, so that every use can be searched for.

    The value lives in a closure rather than in an attribute: what dumps attributes (`vars`,
    deepdiff, `rich.inspect`, a debugger's list of fields) sees a function. Everything that would
    turn it into text or bytes, copy it or compare it raises TypeError. `repr()` gives a fixed
    text, since tracebacks and logs call it.

    Parameters: `value` is the text. Raises TypeError for anything else.
    """

    __slots__ = ("__cell",)

    __cell: Callable[[], str]

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"a secret is made of text, not of {type(value).__name__}")
        self.__cell = lambda: value

    def reveal(self) -> str:
        """The value, for the one place that sends it."""
        return self.__cell()

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __str__(self) -> NoReturn:
        raise TypeError("a secret can't be turned into text")

    def __format__(self, format_spec: str) -> NoReturn:
        raise TypeError("a secret can't be formatted")

    def __eq__(self, other: object) -> NoReturn:
        # Raising, rather than comparing identities, so that "has it changed?" can't quietly be
        # answered "yes" for two objects with one value.
        raise TypeError("secrets are compared by fingerprint")

    def __hash__(self) -> NoReturn:
        raise TypeError("a secret can't be hashed")

    def __bool__(self) -> NoReturn:
        raise TypeError("a secret has no truth value")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret can't be copied")

    def __deepcopy__(self, memo: dict[int, object]) -> NoReturn:
        raise TypeError("a secret can't be copied")

    def __replace__(self, **changes: object) -> NoReturn:
        raise TypeError("a secret can't be copied")

    def __getstate__(self) -> NoReturn:
        raise TypeError("a secret can't be pickled")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret can't be pickled")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret can't be pickled")

    def __init_subclass__(cls) -> None:
        raise TypeError("Secret can't be subclassed")
