"""Fingerprints: they match their own secret only, and can't be made to cost much."""

import hashlib
import re
from base64 import b64encode
from threading import Barrier, Thread

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.resources import SecretRef
from reconciler.secrets import Fingerprinter, Secret, fingerprint, matches

KEY = bytes(range(32))
SALT = b"0123456789abcdef"
SECRET = Secret("canary-value")
TOKEN = SecretRef("env", "TOKEN")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The n of each scrypt that runs."""
    runs: list[int] = []
    real = hashlib.scrypt

    def counting(*arguments: object, **named: int) -> bytes:
        runs.append(named["n"])
        return real(*arguments, **named)  # type: ignore[arg-type]  # passed on as it came

    monkeypatch.setattr(hashlib, "scrypt", counting)
    return runs


def test_a_scrypt_fingerprint_is_that_of_the_standard_function() -> None:
    expected = hashlib.scrypt(b"canary-value", salt=SALT, n=2**14, r=8, p=1, dklen=32)
    assert fingerprint(SECRET, salt=SALT) == (
        f"scrypt:14:8:1:{b64encode(SALT).decode()}:{b64encode(expected).decode()}"
    )


def test_a_keyed_fingerprint_shows_its_kind_and_salt() -> None:
    text = fingerprint(SECRET, salt=SALT, key=KEY)
    assert re.fullmatch(
        rf"hmac-sha256:{re.escape(b64encode(SALT).decode())}:[A-Za-z0-9+/]{{43}}=", text
    )


@pytest.mark.parametrize("key", [None, KEY])
def test_a_fingerprint_matches_its_own_secret(key: bytes | None) -> None:
    assert matches(fingerprint(SECRET, key=key), Secret("canary-value"), key=key)


@pytest.mark.parametrize("key", [None, KEY])
def test_a_fingerprint_does_not_match_another_secret(key: bytes | None) -> None:
    assert not matches(fingerprint(SECRET, key=key), Secret("canary-valuf"), key=key)


@pytest.mark.parametrize("key", [None, KEY])
def test_equal_secrets_have_unequal_fingerprints(key: bytes | None) -> None:
    assert fingerprint(SECRET, key=key) != fingerprint(SECRET, key=key)


def test_another_key_does_not_match() -> None:
    assert not matches(fingerprint(SECRET, key=KEY), SECRET, key=KEY[::-1])


def test_a_scrypt_fingerprint_stays_readable_once_a_key_is_configured() -> None:
    assert matches(fingerprint(SECRET), SECRET, key=KEY)


def test_a_keyed_fingerprint_can_not_be_compared_without_the_key() -> None:
    with pytest.raises(ValueError, match="no key is configured"):
        matches(fingerprint(SECRET, key=KEY), SECRET)


@pytest.mark.parametrize("key", [b"", b"short"])
def test_a_short_key_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError, match="at least 16 bytes"):
        fingerprint(SECRET, key=key)
    with pytest.raises(ValueError, match="at least 16 bytes"):
        Fingerprinter(key=key)


@pytest.mark.parametrize("salt", [b"", b"short", SALT + b"!"])
def test_a_salt_of_another_length_is_refused(salt: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        fingerprint(SECRET, salt=salt)


GOOD = fingerprint(SECRET, salt=SALT)
TAIL = GOOD.split(":", 4)[4]


@pytest.mark.parametrize(
    "head", ["99:8:1", "17:8:1", "30:8:1", "13:8:1", "1:8:1", "00:8:1", "14:9:1", "14:99:1",
             "14:0:1", "14:8:0", "14:8:5", "14:8:99"],
)  # fmt: skip
def test_parameters_out_of_bounds_are_refused_before_any_work(
    head: str, counted: list[int]
) -> None:
    with pytest.raises(ValueError, match="out of bounds"):
        matches(f"scrypt:{head}:{TAIL}", SECRET)
    assert counted == []


def test_the_dearest_parameters_within_bounds_work() -> None:
    assert not matches(f"scrypt:16:8:1:{TAIL}", SECRET)


@pytest.mark.parametrize(
    "text",
    ["", "canary-value", "scrypt", GOOD[:-1], GOOD + "=", GOOD + "\n", " " + GOOD, GOOD.upper(),
     GOOD.replace(":14:", ":014:"), GOOD.replace(":14:", ":1e1:"), GOOD.replace(":14:", ":-4:"),
     GOOD.replace(":14:", ":१४:"), "md5:" + GOOD, "scrypt:14:8:1::", "hmac-sha256::",
     GOOD.replace("scrypt:14:8:1", "hmac-sha1")],
)  # fmt: skip
def test_malformed_text_is_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match="not a fingerprint") as caught:
        matches(text, SECRET, key=KEY)
    assert "canary" not in str(caught.value)


@given(st.text(max_size=200))
def test_any_text_is_matched_or_refused(text: str) -> None:
    with pytest.raises(ValueError, match="fingerprint"):
        matches(text, SECRET, key=KEY)


@settings(max_examples=50)
@given(st.text(), st.text())
def test_keyed_fingerprints_tell_any_two_texts_apart(one: str, other: str) -> None:
    assert matches(fingerprint(Secret(one), key=KEY), Secret(other), key=KEY) == (one == other)


def test_text_that_utf8_can_not_express_has_a_fingerprint_too() -> None:
    assert matches(fingerprint(Secret("\udcff"), key=KEY), Secret("\udcff"), key=KEY)


def test_ten_thousand_resources_with_one_token_cost_one_scrypt_to_write(
    counted: list[int],
) -> None:
    prints = Fingerprinter()
    assert len({prints.of(TOKEN, SECRET) for _ in range(10_000)}) == 1
    assert len(counted) == 1


def test_ten_thousand_resources_with_one_token_cost_one_scrypt_to_compare(
    counted: list[int],
) -> None:
    prints = Fingerprinter()
    assert all(prints.matches(GOOD, TOKEN, SECRET) for _ in range(10_000))
    assert len(counted) == 1


def test_threads_that_ask_at_once_cost_one_scrypt(counted: list[int]) -> None:
    prints, start = Fingerprinter(), Barrier(6)

    def ask() -> None:
        start.wait()
        prints.of(TOKEN, SECRET)

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counted) == 1


def test_another_secret_for_the_same_reference_is_not_mistaken_for_the_first() -> None:
    prints = Fingerprinter(key=KEY)
    text = prints.of(TOKEN, SECRET)
    assert prints.matches(text, TOKEN, SECRET)
    assert not prints.matches(text, TOKEN, Secret("rotated"))


def test_a_fingerprinter_s_output_matches_without_it() -> None:
    assert matches(Fingerprinter().of(TOKEN, SECRET), SECRET)
    assert matches(Fingerprinter(key=KEY).of(TOKEN, SECRET), SECRET, key=KEY)


def test_a_fingerprinter_refuses_what_matches_refuses() -> None:
    prints = Fingerprinter()
    for _ in range(2):
        with pytest.raises(ValueError, match="not a fingerprint"):
            prints.matches("nonsense", TOKEN, SECRET)


def test_a_fingerprinter_does_not_show_its_key() -> None:
    assert repr(Fingerprinter(key=KEY)) == "Fingerprinter(keyed)"
