"""What a scheme must do to be a backend, and what it is given to work with."""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event
from typing import Protocol

from reconciler.resources import SecretRef
from reconciler.secrets.failure import SecretFailure
from reconciler.secrets.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How a call that failed in passing is tried again.

    Parameters: `attempts` is how often it's tried at most; between two tries lie `first` seconds,
    doubled each time up to `ceiling`, each shortened by a random part so that many clients don't
    return at once; a server that asks (Retry-After) for more than `patience` is not waited for.
    """

    attempts: int = 3
    first: float = 0.25
    ceiling: float = 5.0
    patience: float = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What backends share.

    Parameters: `environ` is the environment, `timeout` the seconds that one exchange may take,
    `stop` is set when the user interrupts, `workers` how many threads call a backend at once.
    """

    environ: Mapping[str, str]
    timeout: float
    stop: Event
    workers: int
    pacing: Pacing


class Backend(Protocol):
    """Reads secrets of one scheme; called from several threads."""

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The secret. Whatever the outside world does wrong comes back as a failure."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...
