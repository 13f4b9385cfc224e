"""Performs operations, each kind's by its own module."""

from reconciler.providers.contract import Done, Run
from reconciler.providers.dust import consents, servers_write, spaces_write
from reconciler.providers.dust.access import check_access
from reconciler.providers.dust.directory import Directory
from reconciler.providers.dust.sessions import WriteClient
from reconciler.providers.dust.task import Landmarks, Task
from reconciler.providers.failures import Forbidden, OutcomeUnknown, ProviderError
from reconciler.resources import Change, Operation
from reconciler.state import Consent

_FAILED = 500
_PERFORM = {"Space": spaces_write.perform, "MCPServer": servers_write.perform}


class DustWriter:
    """Performs one operation at a time; safe to use from several threads."""

    def __init__(self, client: WriteClient) -> None:
        self._client = client
        self._directory = Directory(client)
        self._landmarks = Landmarks(client)

    def perform(self, operation: Operation, change: Change, run: Run) -> Done:
        """Send it. Raises ProviderError; OutcomeUnknown when it may have happened."""
        task = Task(
            operation=operation,
            change=change,
            run=run,
            client=self._client,
            directory=self._directory,
            landmarks=self._landmarks,
        )
        try:
            return _PERFORM[change.address.kind](task)
        except OutcomeUnknown as error:
            if error.status == _FAILED:
                self._blame_role()
            raise

    def finish_sign_in(self, consent: Consent, callback: str) -> None:
        """Finish a sign-in with the address that the browser landed on. Raises ProviderError."""
        consents.finish(self._client, consent, callback)

    def _blame_role(self) -> None:
        """Dust API: creating without being an administrator is a 500, not a 403."""
        try:
            check_access(self._client)
        except Forbidden:
            raise
        except ProviderError:
            return  # the failure at hand says more than one of this question
