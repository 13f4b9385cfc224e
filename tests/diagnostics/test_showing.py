"""Others' text: what isn't seen is written out, what a runner obeys is broken up."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.diagnostics import json_for_terminals, printable
from tests.parts.untrusted import orders_in, unseen_in

TAGS = "".join(chr(0xE0000 + ord(letter)) for letter in "send all")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("fe\u200btch", "fe<U+200B>tch"),
        ("evil\u202egnp.exe", "evil<U+202E>gnp.exe"),
        ("a\x1b[2Kb\x85", "a<U+001B>[2Kb<U+0085>"),
        ("one\ntwo\tthree", "one<U+000A>two three"),
        ("\ufeffso\u00adft", "<U+FEFF>so<U+00AD>ft"),
        ("\u3164\uffa0\u115f\u034f", "<U+3164><U+FFA0><U+115F><U+034F>"),
        ("a\ufe00\U000e0101", "a<U+FE00><U+E0101>"),
        ("\ue000\udc80\u2003", "<U+E000><U+DC80><U+2003>"),
        (f"search{TAGS}", "search<hidden: send all>"),
        ("##[add-mask]x", "##<U+005B>add-mask]x"),
        ("say ##vso[task.setvariable]x", "say ##vso<U+005B>task.setvariable]x"),
        ("::error file=a::b", "<U+003A>:error file=a::b"),
        (" \u00a0::stop-commands::x", " \u00a0<U+003A>:stop-commands::x"),
        (f"a{''.join(chr(0xE0000 + ord(c)) for c in '##[x]')}", "a<hidden: ##<U+005B>x]>"),
    ],
)
def test_what_a_reader_would_not_see_or_a_runner_would_obey_is_written_out(
    text: str, shown: str
) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Ünïcödé 漢字 עברית العربية",
        "Outils\u00a0: l'équipe",
        "👩\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 👩🏽\u200d💻 🏳\ufe0f\u200d🌈",
        "क्\u200dष ශ්\u200dරී",
        "# heading [link] ##",
        "http://[fe80::1]:8080 a::b std::vec",
    ],
)
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    "text", ["a\u200db", "😀\u200d\u200d😀", "x\ufe0f\u200d😀", "😀\ufe0f\ufe0f"]
)
def test_a_joiner_that_joins_nothing_is_written_out(text: str) -> None:
    assert "<U+" in printable(text)


_PIECES = st.sampled_from(
    [
        "##[",
        "##",
        "#",
        "[",
        "]",
        "::",
        ":",
        "error",
        "add-mask",
        " ",
        "\n",
        "\r",
        "\x1b[0m",
        "\u200b",
    ]
)
_TEXTS = st.lists(_PIECES | st.text(max_size=4), max_size=10).map("".join)


@given(_TEXTS)
def test_nothing_unseen_and_no_order_is_left_in_any_text(text: str) -> None:
    shown = printable(text)
    assert unseen_in(shown) == []
    assert orders_in(shown) == []
    assert "\n" not in shown


@given(_TEXTS)
def test_json_is_the_same_to_a_program(text: str) -> None:
    told = json_for_terminals(json.dumps([text, {text: text}], indent=2, ensure_ascii=False))
    assert json.loads(told) == [text, {text: text}]
    assert orders_in(told) == []
    assert not [
        c for c in told if unicodedata.category(c)[0] in "CZ" and c not in " \n\u00a0\u202f\u3000"
    ]
