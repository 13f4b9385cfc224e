"""What we ask of Vault: where a mount is, what a path holds, and to write a new version of it."""

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, cast
from urllib.parse import quote

from reconciler.diagnostics import Code
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_faults import VaultConflict, VaultDenied, VaultOutcomeUnknown
from reconciler.secrets.vault_session import VaultSession
from reconciler.secrets.vault_settings import VaultSettings
from reconciler.secrets.vault_wire import Answer, Wire

if TYPE_CHECKING:
    from requests import Response

    from reconciler.secrets.vault_wire import Client


class VaultClient:
    """Calls to one address, shared by all workers, with a token that is kept alive.

    Every call gives an answer or raises Trouble. Once a call found that the server as a whole
    can't be used, later calls fail with the same trouble without trying again.

    Parameters: `clock` counts seconds, for the ends of leases.
    """

    def __init__(
        self,
        settings: VaultSettings,
        surroundings: Surroundings,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._origin = settings.origin
        self._described = settings.login.described
        self._wire = Wire(settings, surroundings)
        self._session = VaultSession(settings, surroundings, self._wire, clock)

    def mount_of(self, path: str) -> Answer:
        """The mount that `path` lies in (`sys/internal/ui/mounts`, as the Vault CLI asks)."""
        url = f"/v1/sys/internal/ui/mounts/{quote(path)}"
        return self._ask(lambda client: cast("Response", client.adapter.get(url)))

    def read_v2(self, mount: str, path: str) -> Answer:
        """The latest version of a secret in a KV version 2 mount."""
        return self._ask(
            lambda client: client.secrets.kv.v2.read_secret_version(
                path, mount_point=mount, raise_on_deleted_version=True
            )
        )

    def read_v1(self, mount: str, path: str) -> Answer:
        """A secret in a KV version 1 mount."""
        return self._ask(lambda client: client.secrets.kv.v1.read_secret(path, mount_point=mount))

    def write_v2(self, mount: str, path: str, data: Mapping[str, Secret], cas: int) -> int:
        """Write all keys of a secret in a KV version 2 mount; the number of the new version.

        Parameters: `cas` is the version that must be the latest one, 0 for a path that nobody has
        written yet. A deleted version counts.

        Raises VaultConflict when another version is the latest, VaultDenied, VaultSealed,
        VaultOutcomeUnknown when it was sent and nobody said whether it was done (read the version
        then), and Trouble for what else goes wrong; nothing was written in all cases but the
        unknown one.
        """
        try:
            answer = self._ask(
                lambda client: client.secrets.kv.v2.create_or_update_secret(
                    path,
                    {key: value.reveal() for key, value in data.items()},
                    cas=cas,
                    mount_point=mount,
                ),
                repeatable=False,
            )
        except Trouble as raised:
            if not raised.unknown:
                raise
            trouble = raised
        else:
            return self._written(answer, mount, path)
        raise VaultOutcomeUnknown(
            trouble.code,
            trouble.problem.replace("can't be read", "may have been written or not"),
            "read its version before writing again",
            unknown=True,
        )

    def try_again(self) -> None:
        """Let later calls be sent, even if one found that the server can't be used."""
        self._wire.try_again()
        self._session.try_again()

    def close(self) -> None:
        """Give our token back, and close the connections."""
        self._session.close()
        self._wire.close()

    def _ask(self, call: "Callable[[Client], Response]", *, repeatable: bool = True) -> Answer:
        grant = self._session.current()
        answer = self._wire.ask(lambda: call(grant.client), repeatable=repeatable)
        if answer.status not in (401, 403):
            return answer
        fresh = self._session.after_denial(grant)
        if fresh is None:
            return answer
        answer = self._wire.ask(lambda: call(fresh.client), repeatable=repeatable)
        if answer.status in (401, 403):
            self._session.denied_again()
        return answer

    def _written(self, answer: Answer, mount: str, path: str) -> int:
        body = answer.body or {}
        data = body.get("data")
        version = data.get("version") if isinstance(data, dict) else None
        if answer.status == 200 and isinstance(version, int):
            return version
        if answer.status == 400 and "check-and-set" in str(body.get("errors")).lower():
            raise VaultConflict(
                Code.SECRET_UNREACHABLE,
                "can't be written: another version of it was written meanwhile",
                "run the command again",
            )
        if answer.status in (401, 403):
            raise VaultDenied(
                Code.SECRET_DENIED,
                f"can't be written: Vault at {self._origin} denies it ({answer.status})",
                f"a policy of the token of {self._described} must grant `create` and `update` on "
                f"`{mount}/data/{path}`",
            )
        if answer.status == 200:
            raise VaultOutcomeUnknown(
                Code.SECRET_UNREACHABLE,
                "may have been written or not: the answer is not that of a KV store",
                "check that VAULT_ADDR is the address of a Vault server",
                unknown=True,
            )
        raise Trouble(
            Code.SECRET_UNREACHABLE,
            f"can't be written: Vault at {self._origin} refused the request ({answer.status})",
            f"check that `{mount}` is a KV store of version 2",
        )
