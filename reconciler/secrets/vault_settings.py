"""Where Vault is and who we are there, from the variables that its own CLI reads."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from reconciler.diagnostics import Code
from reconciler.secrets.secret import Secret
from reconciler.secrets.vault_faults import VaultTrouble

_FALSE = frozenset({"", "0", "f", "F", "false", "FALSE", "False"})
_MAX_TOKEN_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultSettings:
    """How to reach Vault.

    Parameters: `url` is VAULT_ADDR, `origin` the part of it to show; `token` comes from
    `token_source`; `verify` is a CA bundle, a directory of CAs or True for the usual ones;
    `certificate` a client certificate and its key; `proxy` a URL, which may hold a password.
    """

    url: str
    origin: str
    token: Secret
    token_source: str
    namespace: str | None
    verify: str | bool
    certificate: tuple[str, str] | None
    proxy: Secret | None


def read_settings(environ: Mapping[str, str]) -> VaultSettings:
    """Settings from VAULT_ADDR, VAULT_TOKEN (or ~/.vault-token), VAULT_NAMESPACE, VAULT_CACERT,
    VAULT_CAPATH, VAULT_CLIENT_CERT, VAULT_CLIENT_KEY, and HTTPS_PROXY with NO_PROXY.

    Raises VaultTrouble for what is missing or unsafe: plain http to another machine, switched-off
    certificate checks (VAULT_SKIP_VERIFY).
    """
    url, origin = _address(environ)
    if environ.get("VAULT_SKIP_VERIFY", "").strip() not in _FALSE:
        raise _unusable(
            "VAULT_SKIP_VERIFY is set, and without certificate checks anyone on the way can "
            "take the token",
            "unset VAULT_SKIP_VERIFY, and name the CA of the server in VAULT_CACERT",
        )
    token, source = _token(environ)
    return VaultSettings(
        url=url,
        origin=origin,
        token=token,
        token_source=source,
        namespace=_namespace(environ),
        verify=_authorities(environ),
        certificate=_certificate(environ),
        proxy=_proxy(environ, urlsplit(url)),
    )


def _address(environ: Mapping[str, str]) -> tuple[str, str]:
    text = environ.get("VAULT_ADDR", "").strip()
    if not text:
        raise _unusable("VAULT_ADDR is not set", "set VAULT_ADDR, e.g. https://vault.example:8200")
    expected = "VAULT_ADDR is a URL such as https://vault.example:8200"
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, SplitResult("", "", "", "", "")
    if parts.scheme not in ("http", "https") or not host or not _is_header_text(text):
        raise _unusable("VAULT_ADDR is not an http or https URL", expected)
    if parts.username is not None or parts.query or parts.fragment:
        raise _unusable("VAULT_ADDR holds more than an address", expected)
    shown = f"[{host}]" if ":" in host else host
    origin = f"{parts.scheme}://{shown}" + (f":{port}" if port is not None else "")
    if parts.scheme == "http" and not _is_loopback(host):
        raise _unusable(
            f"VAULT_ADDR is {origin}, where the token would travel unencrypted",
            "use https (plain http is accepted for this machine only, e.g. http://127.0.0.1:8200)",
        )
    return text, origin


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _token(environ: Mapping[str, str]) -> tuple[Secret, str]:
    source, text = "VAULT_TOKEN", environ.get("VAULT_TOKEN", "").strip()
    home = environ.get("HOME") or environ.get("USERPROFILE")
    if not text and home:
        source, text = "~/.vault-token", _token_file(Path(home) / ".vault-token")
    if not text:
        raise VaultTrouble(
            Code.SECRET_DENIED,
            "can't be read: there is no Vault token",
            "set VAULT_TOKEN, or run `vault login`, which writes ~/.vault-token",
            everywhere=True,
        )
    if not _is_header_text(text):
        raise VaultTrouble(
            Code.SECRET_DENIED,
            f"can't be read: {source} holds characters that no Vault token has",
            "check that it holds the token alone",
            everywhere=True,
        )
    return Secret(text), source


def _token_file(path: Path) -> str:
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as stream:
            return stream.read(_MAX_TOKEN_BYTES).decode("utf-8", "replace").strip()
    except OSError:
        problem = "can't be read: ~/.vault-token is there but can't be opened"
    raise VaultTrouble(
        Code.SECRET_DENIED, problem, "check its permissions, or set VAULT_TOKEN", everywhere=True
    )


def _namespace(environ: Mapping[str, str]) -> str | None:
    text = environ.get("VAULT_NAMESPACE", "").strip()
    if not _is_header_text(text):
        raise _unusable("VAULT_NAMESPACE is not the path of a namespace", "e.g. teams/platform")
    return text or None


def _authorities(environ: Mapping[str, str]) -> str | bool:
    for name in ("VAULT_CACERT", "VAULT_CAPATH", "SSL_CERT_FILE"):
        path = environ.get(name, "")
        if not path:
            continue
        usable = Path(path).is_dir() if name == "VAULT_CAPATH" else _is_bundle(path)
        if not usable:
            what = "directory of CA certificates" if name == "VAULT_CAPATH" else "PEM file of CAs"
            raise _unusable(f"{name} is not a readable {what}", f"check the path in {name}")
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
        raise _unusable(
            "VAULT_CLIENT_CERT and VAULT_CLIENT_KEY are not two readable files",
            "set both, or neither",
        )
    return pair


def _proxy(environ: Mapping[str, str], url: SplitResult) -> Secret | None:
    """HTTPS_PROXY, unless NO_PROXY covers the host; never for http, which a proxy could read."""
    proxy = environ.get("HTTPS_PROXY") or environ.get("https_proxy") or ""
    exempt = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    host = url.hostname or ""
    names = [name.strip().lstrip(".").lower() for name in exempt.split(",") if name.strip()]
    if not proxy or url.scheme != "https" or _is_loopback(host):
        return None
    if any(name in ("*", host) or host.endswith(f".{name}") for name in names):
        return None
    return Secret(proxy)


def _is_header_text(text: str) -> bool:
    return text.isascii() and all("!" <= char <= "~" for char in text)


def _unusable(problem: str, advice: str) -> VaultTrouble:
    return VaultTrouble(
        Code.SECRET_UNREACHABLE, f"can't be read: {problem}", advice, everywhere=True
    )
