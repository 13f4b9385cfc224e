"""Secrets in Azure Key Vault: `{azure: "vault/secret/version"}`."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.failure import SecretFailure
from reconciler.secrets.libraries import checked, hush, needs, within
from reconciler.secrets.once import Once
from reconciler.secrets.programs import PATIENCE
from reconciler.secrets.retrying import Retrying, seconds
from reconciler.secrets.secret import Secret
from reconciler.secrets.texts import Texts, misshapen
from reconciler.secrets.trouble import Trouble

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.core.exceptions import HttpResponseError
    from azure.keyvault.secrets import SecretClient

_PLACE = re.compile(r"(([A-Za-z](?:-?[A-Za-z0-9]){2,23})/[A-Za-z0-9-]{1,127})(/[A-Za-z0-9]{1,64})?")
_LONGEST_NAME = 24
_DOMAINS: Mapping[str, str] = MappingProxyType(
    {
        "login.chinacloudapi.cn": "vault.azure.cn",
        "login.partner.microsoftonline.cn": "vault.azure.cn",
        "login.microsoftonline.us": "vault.usgovcloudapi.net",
    }
)
"""Where the vaults of a sovereign cloud are, by AZURE_AUTHORITY_HOST."""


def default_client(surroundings: Surroundings) -> "Callable[[str], SecretClient]":
    """Makes clients that share one credential, the one that Azure's library finds by itself."""
    authority = surroundings.environ.get("AZURE_AUTHORITY_HOST", "")
    host = authority.strip().removeprefix("https://").strip("/").lower()
    domain = _DOMAINS.get(host, "vault.azure.net")
    credentials: Once[str, TokenCredential] = Once()

    def make(vault: str) -> "SecretClient":
        from azure.identity import DefaultAzureCredential
        from azure.keyvault.secrets import SecretClient

        return SecretClient(
            vault_url=f"https://{vault}.{domain}",
            credential=credentials.get("", DefaultAzureCredential),
            retry_total=0,  # tried again by us, who can be interrupted
            connection_timeout=surroundings.timeout,
            read_timeout=surroundings.timeout,
        )

    return make


class AzureBackend:
    """Reads each version of a secret once.

    A manifest names a vault and never a host: its name is part of a host name of Azure's.

    Parameters: `make` makes the client of Azure's library for a vault.
    """

    def __init__(
        self, surroundings: Surroundings, make: "Callable[[str], SecretClient] | None" = None
    ) -> None:
        self._surroundings = surroundings
        self._make = make or default_client(surroundings)
        self._clients: Once[str, tuple[SecretClient, Retrying]] = Once()
        self._opened: list[SecretClient] = []
        self._texts = Texts(self._fetch)

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The text of the version."""
        place = _PLACE.fullmatch(reference.locator)
        if place is None or len(place[2]) > _LONGEST_NAME:
            return misshapen(reference, "vault/secret", "acme-tools/github-mcp")
        return self._texts.read(reference, reference.locator)

    def close(self) -> None:
        """Close the connections."""
        for client in self._opened:
            client.close()

    def _fetch(self, place: str) -> Secret:
        vault, name, *version = place.split("/")
        client, retrying = self._clients.get(vault, lambda: self._open(vault))
        found = retrying.ask(
            lambda: within(
                PATIENCE * self._surroundings.timeout,
                lambda: checked(lambda: client.get_secret(name, *version).value, _judged),
            )
        )
        if found is None:
            raise Trouble(Code.SECRET_EMPTY, "is empty: it holds nothing", "store a value")
        return Secret(found)

    def _open(self, vault: str) -> "tuple[SecretClient, Retrying]":
        hush("azure", "msal", "urllib3")
        for module in ("azure.identity", "azure.keyvault.secrets"):
            needs(module, "Azure Key Vault", "azure")
        client = checked(lambda: self._make(vault), _judged)
        self._opened.append(client)
        return client, Retrying(self._surroundings)


def _judged(error: Exception) -> Trouble | None:
    from azure.core import exceptions as of_azure

    match error:
        case of_azure.ResourceNotFoundError():
            return Trouble(
                Code.SECRET_MISSING,
                "is missing: the vault has no such secret or version",
                "check the names of the vault and of the secret",
            )
        case of_azure.ClientAuthenticationError():
            return Trouble(
                Code.SECRET_DENIED,
                "can't be read: Azure's library finds no usable credentials",
                "sign in (`az login`), or let the job have an identity (AZURE_CLIENT_ID, "
                "AZURE_TENANT_ID and a federated token)",
                everywhere=True,
            )
        case of_azure.HttpResponseError():
            return _refused(error)
        case of_azure.ServiceRequestError() | of_azure.ServiceResponseError():
            return Trouble(
                Code.SECRET_UNREACHABLE,
                "can't be read: the vault can't be reached",
                "check the name of the vault, the network and the proxy",
                passing=True,
                everywhere=True,
            )
        case _:
            return None


def _refused(error: "HttpResponseError") -> Trouble:
    status = error.status_code
    if status == 403:
        return Trouble(
            Code.SECRET_DENIED,
            "can't be read: Azure denies it (403)",
            "give the identity the role `Key Vault Secrets User`; check that the secret is "
            "enabled, and that the vault's firewall lets this machine in",
        )
    passing = status is None or status == 429 or status >= 500
    headers: Mapping[str, str] = getattr(error.response, "headers", {})
    return Trouble(
        Code.SECRET_UNREACHABLE,
        f"can't be read: the vault refused the request ({status})",
        "try again later" if passing else "check the names of the vault and of the secret",
        passing=passing,
        retry_after=seconds(headers.get("Retry-After")),
    )
