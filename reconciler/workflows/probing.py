"""Probe: ask a remote MCP server what it is, with credentials by reference."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from threading import Event
from urllib.parse import urlsplit

from reconciler.discovery import Finding, probe
from reconciler.network import authorities_fault
from reconciler.providers.dust import callbacks
from reconciler.resources import SCHEMES, SecretRef
from reconciler.secrets import Resolver, Secret, SecretFailure
from reconciler.workflows.failures import Exit, Stop


def probe_server(
    url: str,
    *,
    bearer: str | None,
    headers: Sequence[str],
    allow_private: bool,
    timeout: float,
    register: bool = False,
    environ: Mapping[str, str] = os.environ,
    trace: Callable[[str], None] = lambda _line: None,
) -> Finding:
    """What the server at `url` is and needs.

    Parameters: `bearer` is a reference (`env:NAME`, `file:PATH`, `vault:PATH#KEY`), `headers` are
    `NAME=REFERENCE`; `register` tries to register a client with the redirect URIs of workspaces;
    `trace` takes a line about each exchange and each reference for `--debug`.

    Raises Stop for an address or a reference that can't be used.
    """
    _check(url)
    wanted = dict(_header(text) for text in headers)
    if bearer is not None:
        wanted["Authorization"] = _reference(bearer)
    with Resolver(environ=environ, timeout=timeout, stop=Event(), trace=trace) as resolver:
        found = resolver.resolve(set(wanted.values()))
    sent: dict[str, str] = {}
    for name, reference in wanted.items():
        secret = found[reference]
        if isinstance(secret, SecretFailure):
            raise Stop(Exit.FAILED, secret.message, help=secret.help)
        sent[name] = _value(name, secret, is_token=bearer is not None and name == "Authorization")
    if fault := authorities_fault(os.environ):
        raise Stop(Exit.FAILED, fault.message, help=fault.help)
    asked = probe(
        url,
        headers=sent,
        allow_private=allow_private,
        timeout=timeout,
        redirect_uris=_redirect_uris() if register else (),
        observe=lambda method, address, outcome, took: trace(
            f"{method} {address} → {outcome}, {took:.0f} ms"
        ),
    )
    return replace(asked, sent=tuple(sorted(wanted.items(), key=lambda item: item[0])))


def _value(name: str, secret: Secret, *, is_token: bool) -> str:
    text = secret.reveal().strip()
    if not text.isprintable() or not text.isascii():
        raise Stop(Exit.FAILED, f"the value of the header `{name}` has characters no header has")
    return f"Bearer {text}" if is_token else text


def _redirect_uris() -> tuple[str, ...]:
    return tuple(uri for modes in callbacks().values() for uri in modes["automatic"])


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise Stop(
            Exit.USAGE,
            "this is no web address",
            help=("give the server's endpoint, e.g. https://mcp.example.com/mcp",),
        )
    if urlsplit(url).username is not None:
        raise Stop(
            Exit.USAGE,
            "credentials don't belong in an address",
            help=("give them by reference: --bearer env:NAME",),
        )


def _header(text: str) -> tuple[str, SecretRef]:
    name, found, reference = text.partition("=")
    if not found or not name:
        raise Stop(Exit.USAGE, "a header is given as NAME=REFERENCE, e.g. X-Api-Key=env:KEY")
    return name, _reference(reference)


def _reference(text: str) -> SecretRef:
    scheme, _, target = text.partition(":")
    reference = SecretRef.from_json({scheme: target}) if scheme in SCHEMES and target else None
    if reference is None:
        raise Stop(
            Exit.USAGE,
            "secrets are given by reference",
            help=("say env:NAME, file:PATH, vault:MOUNT/PATH#KEY, or another kind of reference",),
        )
    return reference
