"""What a probe found, for people. Pure."""

import textwrap
from collections.abc import Iterator

from reconciler.authorization import Auth, Check, Verdict
from reconciler.diagnostics import Palette, printable
from reconciler.discovery import Finding, Transport, manifest

_WIDTH = 80
_NAMES = 30
_SIGNS = {Verdict.PASS: "✓", Verdict.WARN: "!", Verdict.FAIL: "✗", Verdict.SKIP: "-"}
_TRANSPORTS = {
    Transport.STREAMABLE_HTTP: "streamable HTTP",
    Transport.SSE: "SSE (deprecated since 2025-03-26)",
}


def probe_text(found: Finding, palette: Palette) -> str:
    """The finding for people: the verdict first, a manifest last; 80 columns where words allow."""
    lines = [*_headline(found, palette), *_tools(found, palette)]
    if found.auth:
        lines += ["", palette.bold("Authorization server"), *_auth(found.auth)]
    lines += _checks(found, palette)
    text = manifest(found)
    if text:
        lines += ["", palette.bold("Manifest"), "", *text.rstrip().splitlines()]
    return "\n".join(lines) + "\n"


def _headline(found: Finding, palette: Palette) -> Iterator[str]:
    if found.healthy:
        verdict = palette.added("healthy")
    elif found.mode:
        verdict = palette.warning("wants credentials")
    else:
        verdict = palette.error("unusable" if found.reached else "unreachable")
    yield f"{palette.bold(printable(found.url))}  {verdict}"
    yield from _wrapped(found.why, "  ", "  ")
    if found.name:
        version = f" {found.version}" if found.version else ""
        yield f"  server        {printable(found.name + version)}"
    if found.transport:
        yield f"  transport     {_TRANSPORTS[found.transport]}"
    if found.protocol:
        yield f"  protocol      MCP {printable(found.protocol)}"
    if found.mode:
        yield f"  auth mode     {found.mode.value}"


def _tools(found: Finding, palette: Palette) -> Iterator[str]:
    if not found.healthy:
        return
    yield ""
    yield palette.bold(f"Tools ({len(found.tools)})")
    for tool in found.tools:
        hints = f"  [{printable(', '.join(tool.hints))}]" if tool.hints else ""
        yield f"  {printable(tool.name)}{palette.dim(hints)}"


def _auth(auth: Auth) -> Iterator[str]:
    documents = ", clients may be named by a document" if auth.client_documents else ""
    rows = {
        "issuer": auth.issuer,
        "sign-in at": auth.authorization_endpoint,
        "tokens from": auth.token_endpoint,
        "registration": ("offered" if auth.registration else "not offered") + documents,
        "clients": _list(auth.token_auth_methods),
        "PKCE": _list(auth.pkce),
        "grants": _list(auth.grant_types),
        "refresh": "offered" if auth.refresh else "not offered",
        "scopes": _list(auth.scopes),
    }
    for name, text in rows.items():
        yield from _wrapped(text, f"  {name:<14}", " " * 16)


def _checks(found: Finding, palette: Palette) -> Iterator[str]:
    made = [check for check in found.checks if check.verdict is not Verdict.SKIP]
    left = [check for check in found.checks if check.verdict is Verdict.SKIP]
    if made:
        yield ""
        yield f"{palette.bold('Checks')} {palette.dim(_count(made))}"
    for check in made:
        yield from _check(check, palette)
    if left:
        yield ""
        yield f"{palette.bold('Not checked here')} {palette.dim('(only a sign-in can tell)')}"
    for check in left:
        yield from _check(check, palette)


def _count(made: list[Check]) -> str:
    words = {Verdict.PASS: "met", Verdict.WARN: "worth a look", Verdict.FAIL: "broken"}
    counts = {verdict: sum(check.verdict is verdict for check in made) for verdict in words}
    return f"({', '.join(f'{counts[each]} {words[each]}' for each in words if counts[each])})"


def _check(check: Check, palette: Palette) -> Iterator[str]:
    """One rule: its name on the left, what came out on the right, its source when it matters."""
    paint = {
        Verdict.PASS: palette.added,
        Verdict.WARN: palette.warning,
        Verdict.FAIL: palette.error,
        Verdict.SKIP: palette.dim,
    }[check.verdict]
    name = f"{check.name:<{_NAMES}}"
    margin = " " * (_NAMES + 4)
    words = printable(check.message).split()
    if max(map(len, words), default=0) > _WIDTH - len(margin):
        margin = " " * 6  # a long address gets lines of its own
        name, *rest = check.name, *_wrapped(check.message, margin, margin)
    else:
        first, *rest = _wrapped(check.message, margin, margin)
        name += first.strip()
    yield f"  {paint(_SIGNS[check.verdict])} {name}"
    yield from rest
    if check.verdict in (Verdict.WARN, Verdict.FAIL):
        for line in _wrapped(f"{check.level}: {check.source}", margin, margin):
            yield palette.dim(line)


def _wrapped(text: str, first: str, later: str) -> list[str]:
    # What a remote server says is made printable before it is measured; addresses stay whole.
    return textwrap.wrap(
        printable(text),
        _WIDTH,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [first.rstrip()]


def _list(items: tuple[str, ...]) -> str:
    return ", ".join(items) or "not told"
