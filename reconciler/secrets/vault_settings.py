"""Where Vault is and who we are there, from the variables that its own CLI reads."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from reconciler.secrets.secret import Secret
from reconciler.secrets.vault_addresses import (
    is_header_text,
    proxy_to,
    read_address,
    unusable,
)
from reconciler.secrets.vault_logins import Login, read_login

_FALSE = frozenset({"", "0", "f", "F", "false", "FALSE", "False"})


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSettings:
    """How to reach Vault.

    Parameters: `url` is VAULT_ADDR, `origin` the part of it to show; `login` is who we are there;
    `verify` is a CA bundle, a directory of CAs or True for the usual ones; `certificate` a client
    certificate and its key; `proxy` a URL, which may hold a password.
    """

    url: str
    origin: str
    login: Login
    namespace: str | None
    verify: str | bool
    certificate: tuple[str, str] | None
    proxy: Secret | None


def read_settings(environ: Mapping[str, str]) -> VaultSettings:
    """Settings from VAULT_ADDR (or GitLab's VAULT_SERVER_URL), VAULT_NAMESPACE, VAULT_CACERT,
    VAULT_CAPATH, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, HTTPS_PROXY with NO_PROXY, and what
    `read_login` reads.

    Raises Trouble for what is missing or unsafe: plain http to another machine, switched-off
    certificate checks (VAULT_SKIP_VERIFY).
    """
    url, origin = read_address(environ)
    if environ.get("VAULT_SKIP_VERIFY", "").strip() not in _FALSE:
        raise unusable(
            "VAULT_SKIP_VERIFY is set, and without certificate checks anyone on the way can "
            "take the token",
            "unset VAULT_SKIP_VERIFY, and name the CA of the server in VAULT_CACERT",
        )
    return VaultSettings(
        url=url,
        origin=origin,
        login=read_login(environ),
        namespace=_namespace(environ),
        verify=_authorities(environ),
        certificate=_certificate(environ),
        proxy=proxy_to(urlsplit(url), environ),
    )


def _namespace(environ: Mapping[str, str]) -> str | None:
    text = environ.get("VAULT_NAMESPACE", "").strip()
    if not is_header_text(text):
        raise unusable("VAULT_NAMESPACE is not the path of a namespace", "e.g. teams/platform")
    return text or None


def _authorities(environ: Mapping[str, str]) -> str | bool:
    for name in ("VAULT_CACERT", "VAULT_CAPATH", "SSL_CERT_FILE"):
        path = environ.get(name, "")
        if not path:
            continue
        usable = Path(path).is_dir() if name == "VAULT_CAPATH" else _is_bundle(path)
        if not usable:
            what = "directory of CA certificates" if name == "VAULT_CAPATH" else "PEM file of CAs"
            raise unusable(f"{name} is not a readable {what}", f"check the path in {name}")
        return path
    return True


def _is_bundle(path: str) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=path)
    except (OSError, ValueError):  # ssl.SSLError is an OSError
        return False
    return True


def _certificate(environ: Mapping[str, str]) -> tuple[str, str] | None:
    pair = environ.get("VAULT_CLIENT_CERT", ""), environ.get("VAULT_CLIENT_KEY", "")
    if not any(pair):
        return None
    if not all(pair) or not all(Path(path).is_file() for path in pair):
        raise unusable(
            "VAULT_CLIENT_CERT and VAULT_CLIENT_KEY are not two readable files",
            "set both, or neither",
        )
    return pair
