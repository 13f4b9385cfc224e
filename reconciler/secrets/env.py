"""Secrets in environment variables: `{env: NAME}`."""

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.acceptance import accept
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.failure import SecretFailure, failure
from reconciler.secrets.secret import Secret


class EnvironmentBackend:
    """Reads the environment that the tool was given."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._environ = surroundings.environ

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The variable's value as it is; see `accept` for what is refused."""
        value = self._environ.get(reference.locator)
        if value is None:
            return failure(
                reference,
                Code.SECRET_MISSING,
                "is missing: the environment variable is not set",
                f"set `{reference.locator}` in the environment that runs this command "
                "(in CI, pass the secret to this step)",
            )
        return accept(reference, value)

    def close(self) -> None:
        """Nothing is held."""
