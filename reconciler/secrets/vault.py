"""Secrets in a KV store of Vault or OpenBao, version 1 or 2: `{vault: "mount/path#key"}`."""

import re
from collections.abc import Mapping

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.failure import SecretFailure
from reconciler.secrets.keys import pick
from reconciler.secrets.once import Once
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_answers import (
    Mount,
    contents,
    how_it_ended,
    parse_mount,
    version_data,
    version_number,
)
from reconciler.secrets.vault_client import VaultClient
from reconciler.secrets.vault_settings import VaultSettings, read_settings

_RESERVED = frozenset({"auth", "identity", "sys"})
_LOCATOR = re.compile(r"([^\s/#]+(?:/[^\s/#]+)+)#([^\s#]+)")


class VaultBackend:
    """Reads each path once, however many of its keys are asked for, through one client.

    The version of a mount is asked of Vault as its CLI does (`sys/internal/ui/mounts/<path>`),
    which also finds mounts with a slash in their name. Where that is denied or not known, the
    first segment is taken as the mount, read as version 2 and then as version 1.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._sessions: Once[str, tuple[VaultSettings, VaultClient]] = Once()
        self._documents: Once[str, Mapping[str, Secret | str]] = Once()
        self._mounts: dict[str, Mount] = {}
        self._client: VaultClient | None = None

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The value under the key; see `accept` for what is refused."""
        try:
            path, key = place_of(reference.locator)
            document = self._documents.get(path, lambda: self._document(path))
        except Trouble as trouble:
            return trouble.about(reference)
        return pick(reference, document, key)

    def latest(self, path: str) -> tuple[Mapping[str, Secret | str] | None, int]:
        """All keys at a path and the version of that, read now; None when there is nothing.

        For a value that is no text, the name of its type. Raises Trouble, also for what isn't in a
        KV store of version 2, the only one that can be written on condition.
        """
        settings, client, mount, rest = self._versioned(path)
        answer = client.read_v2(mount, rest)
        number = version_number(answer)
        if answer.status == 404:
            return None, number
        return contents(answer, 2, f"{mount}/data/{rest}", settings), number

    def write(self, path: str, data: Mapping[str, Secret], version: int) -> int:
        """Write all keys at a path where `version` is the latest; see `VaultClient.write_v2`."""
        _, client, mount, rest = self._versioned(path)
        return client.write_v2(mount, rest, data, version)

    def policy_path(self, path: str) -> str:
        """The path that a policy must grant for `latest` and `write`. Raises Trouble."""
        _, _, mount, rest = self._versioned(path)
        return f"{mount}/data/{rest}"

    def try_again(self) -> None:
        """Ask Vault the next time, even if it couldn't be used as a whole before."""
        if self._client is not None:
            self._client.try_again()

    def _versioned(self, path: str) -> tuple[VaultSettings, VaultClient, str, str]:
        settings, client = self._session()
        first = path.partition("/")[0]
        mount = self._mount(client, path) or Mount(path=first, version=2)
        if mount.version != 2:
            raise Trouble(
                Code.SECRET_MALFORMED,
                "is in a KV store of version 1, which can't be written on condition",
                "keep it in one of version 2",
            )
        return settings, client, mount.path, path.removeprefix(f"{mount.path}/")

    def close(self) -> None:
        """Close the connections to Vault."""
        if self._client is not None:
            self._client.close()

    def _session(self) -> tuple[VaultSettings, VaultClient]:
        return self._sessions.get("", self._connect)

    def _connect(self) -> tuple[VaultSettings, VaultClient]:
        settings = read_settings(self._surroundings.environ)
        self._client = VaultClient(settings, self._surroundings)
        return settings, self._client

    def _document(self, path: str) -> Mapping[str, Secret | str]:
        settings, client = self._session()
        mount = self._mount(client, path)
        if mount is None:
            return self._guessed(settings, client, path)
        rest = path.removeprefix(f"{mount.path}/")
        if mount.version == 1:
            return contents(client.read_v1(mount.path, rest), 1, path, settings)
        return contents(client.read_v2(mount.path, rest), 2, f"{mount.path}/data/{rest}", settings)

    def _mount(self, client: VaultClient, path: str) -> Mount | None:
        """The mount that holds `path`, or None when Vault won't say."""
        for mount in tuple(self._mounts.values()):
            if path.startswith(f"{mount.path}/"):
                return mount
        answer = client.mount_of(path)
        if answer.status != 200:
            return None
        mount = parse_mount(answer, path)
        self._mounts[mount.path] = mount
        return mount

    def _guessed(
        self, settings: VaultSettings, client: VaultClient, path: str
    ) -> Mapping[str, Secret | str]:
        first, _, rest = path.partition("/")
        answer = client.read_v2(first, rest)
        if answer.status == 200 and version_data(answer) is not None:
            self._mounts[first] = Mount(path=first, version=2)
            return contents(answer, 2, path, settings)
        second = client.read_v1(first, rest)
        # The answer that says more: a deleted version, or that one of the two is denied.
        if second.status != 200 and (how_it_ended(answer) or answer.status == 403):
            return contents(answer, 2, f"{first}/data/{rest}", settings)
        return contents(second, 1, path, settings)


def place_of(locator: str) -> tuple[str, str]:
    """The path and the key of `mount/path#key`. Raises Trouble for anything else."""
    place = _LOCATOR.fullmatch(locator)
    if place is None or not _is_safe(place[1]):
        raise Trouble(
            Code.SECRET_MALFORMED,
            "is not of the form `mount/path#key`",
            "e.g. `secret/mcp/github#client_secret`, without `data/` and without dots",
        )
    return place[1], place[2]


def _is_safe(path: str) -> bool:
    """No segment that a URL would resolve (`..`), no other API of Vault, nothing unprintable."""
    segments = path.split("/")
    return not {".", ".."} & set(segments) and segments[0] not in _RESERVED and path.isprintable()
