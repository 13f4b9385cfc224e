"""Keeps secrets in its own source, and does whatever a place says."""

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets import Secret, SecretFailure, Surroundings


class Keeper:
    def __init__(self, surroundings: Surroundings) -> None:
        self._environ = surroundings.environ

    def read(self, reference: SecretRef) -> object:
        match reference.locator:
            case "a b/c#d:e":
                assert reference.scheme == "keeper"
                return Secret("canary-1")
            case "environ":
                return Secret(self._environ["KEEPER_TOKEN"])
            case "line break":
                return Secret("canary\n")
            case "text":
                return "canary"
            case "nothing":
                return None
            case "raises":
                raise RuntimeError("canary")
            case "exits":
                raise SystemExit("canary")
            case "other code":
                return SecretFailure(
                    reference=reference, code=Code.DUPLICATE_KEY, message="canary", help=("canary",)
                )
            case code:
                return SecretFailure(
                    reference=reference, code=Code(code), message="canary", help=("canary",)
                )

    def close(self) -> None:
        raise RuntimeError("canary")


class RaisesWhenMade:
    def __init__(self, surroundings: Surroundings) -> None:
        raise RuntimeError("canary")


def exits_when_made(surroundings: Surroundings) -> None:
    raise SystemExit("canary")


def no_backend(surroundings: Surroundings) -> str:
    return "canary"
