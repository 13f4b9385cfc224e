"""The text of a probe: 80 columns, colour for meaning only, nothing that a terminal obeys."""

import re

from reconciler.authorization import Auth, Check, Level, Verdict
from reconciler.diagnostics import Palette
from reconciler.discovery import Finding, Mode, Tool, Transport
from reconciler.views import probe_text

PLAIN, COLOUR = Palette(enabled=False), Palette(enabled=True)
EVIL = "\x1b[31mred\x07\r\n$ rm -rf /"


def check(verdict: Verdict, message: str) -> Check:
    return Check(
        name=f"a-rule-that-came-out-{verdict}",
        level=Level.MUST,
        verdict=verdict,
        message=message,
        source="RFC 9728, section 3",
    )


def finding(words: str) -> Finding:
    return Finding(
        url="https://mcp.example.com/mcp",
        reached=True,
        healthy=False,
        why=words,
        mode=Mode.AUTOMATIC,
        auth=Auth(
            issuer=words,
            authorization_endpoint="https://as.example/authorize",
            token_endpoint="https://as.example/token",
            scopes=(words, words),
            pkce=("S256",),
        ),
        checks=tuple(check(verdict, words) for verdict in Verdict),
    )


def test_lines_fit_80_columns() -> None:
    long = f"see https://mcp.example.com/{'x' * 40} and {'several more words ' * 8}"
    text = probe_text(finding(long), PLAIN).partition("Manifest")[0]
    assert [line for line in text.splitlines() if len(line) > 80] == []


def test_what_a_server_says_cant_steer_the_terminal() -> None:
    hostile = Finding(
        url="https://mcp.example.com/mcp",
        reached=True,
        healthy=True,
        name=EVIL,
        transport=Transport.SSE,
        tools=(Tool(name=EVIL, hints=(EVIL,)),),
        mode=Mode.NONE,
    )
    for found in (finding(EVIL), hostile):
        text = probe_text(found, PLAIN)
        assert not set(text) & {"\x1b", "\x07", "\r"}
        assert not re.search(r"^\$ rm", text, re.MULTILINE)


def test_colour_adds_nothing_but_colour() -> None:
    found = finding("some words")
    assert re.sub(r"\x1b\[[0-9;]*m", "", probe_text(found, COLOUR)) == probe_text(found, PLAIN)


def test_counts_leave_out_what_only_a_sign_in_can_tell() -> None:
    text = probe_text(finding("some words"), PLAIN)
    assert "Checks (1 met, 1 worth a look, 1 broken)" in text
    later = text.partition("Not checked here")[2]
    assert "- a-rule-that-came-out-skip" in later
    assert "a-rule-that-came-out-fail" not in later


def test_a_rule_that_is_broken_names_its_source() -> None:
    text = probe_text(finding("some words"), PLAIN)
    assert text.count("MUST: RFC 9728, section 3") == 2
