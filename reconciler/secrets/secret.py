"""The only type that holds a secret's value: it can't be shown, stored or compared by accident."""

from typing import NoReturn, SupportsIndex


class Secret:
    """A secret value. `reveal()` is the one way to it, so that every use can be searched for."""

    __slots__ = ("__value",)

    def __init__(self, value: str) -> None:
        self.__value = value

    def reveal(self) -> str:
        """The value, for the one place that sends it."""
        return self.__value

    def __repr__(self) -> str:
        return "Secret(hidden)"

    def __str__(self) -> NoReturn:
        raise TypeError("a secret can't be turned into text")

    def __format__(self, format_spec: str) -> NoReturn:
        raise TypeError("a secret can't be formatted")

    def __eq__(self, other: object) -> NoReturn:
        raise TypeError("secrets are compared by fingerprint")

    __hash__ = None  # type: ignore[assignment]  # the standard way to say: not hashable

    def __bool__(self) -> NoReturn:
        raise TypeError("a secret has no truth value")

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("a secret can't be pickled or copied")

    def __init_subclass__(cls) -> None:
        raise TypeError("Secret can't be subclassed")
