"""A server's words are shown only when they repeat no secret."""

import base64
import json
from urllib.parse import quote

import pytest

from reconciler.providers.dust.words import WITHHELD, Words
from reconciler.secrets import Secret

SECRET = 'pa"ss/wörd+very long&value'


@pytest.fixture
def words() -> Words:
    knows = Words()
    knows.reveal(Secret(SECRET))
    return knows


@pytest.mark.parametrize(
    "said",
    [
        f"bad token {SECRET}!",
        f"bad token {SECRET.upper()}",
        f"bad token {SECRET[:8]}…",
        f"bad token …{SECRET[-8:]}",
        f"bad token {SECRET[9:17]}",
        f"url {quote(SECRET, safe='')}",
        f"json {json.dumps(SECRET)}",
        f"json {json.dumps(SECRET, ensure_ascii=False)}",
        f"base64 {base64.b64encode(SECRET.encode()).decode()}",
        f"base64 {base64.urlsafe_b64encode(f'Bearer {SECRET}'.encode()).decode()}",
        f"base64 {base64.b64encode(f'u:{SECRET}'.encode()).decode()}",
        f"hex {SECRET.encode().hex()}",
        "spread " + "\u200b".join(SECRET),
        "spread " + "\n".join(SECRET),
        "spread " + "\x00".join(SECRET),
    ],
)
def test_a_message_that_repeats_a_secret_in_any_form_is_withheld(words: Words, said: str) -> None:
    assert words.safe(said) == WITHHELD


def test_a_message_without_a_secret_is_shown_as_it_is(words: Words) -> None:
    assert words.safe("The server answered 401") == "The server answered 401"


def test_a_short_secret_withholds_every_message_that_holds_it() -> None:
    words = Words()
    words.reveal(Secret("k9"))
    assert words.safe("the key k9 is wrong") == WITHHELD
    assert words.safe("the key is wrong") == "the key is wrong"


def test_control_characters_are_dropped_and_lines_joined(words: Words) -> None:
    assert words.safe("a\x1b[31m red\r\n line\u202e") == "a[31m red line"


def test_a_long_message_is_cut(words: Words) -> None:
    assert len(words.safe("x y " * 1000)) < 510


def test_an_error_type_that_is_not_a_word_of_the_api_is_left_out(words: Words) -> None:
    assert words.safe_type("space_not_found") == "space_not_found"
    assert words.safe_type("<b>no</b>") == ""


def test_an_error_type_that_is_a_secret_is_left_out() -> None:
    words = Words()
    words.reveal(Secret("token_of_ana"))
    assert words.safe_type("token_of_ana") == ""
