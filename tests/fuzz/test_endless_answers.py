"""Answers that never end, or that swell: given up in bounded time, within bounded memory."""

import gzip
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from itertools import repeat

import pytest

from reconciler.providers import OutcomeUnknown, ProviderError, Unexpected, Unreachable
from reconciler.providers.dust.wire import SPACES
from tests.parts.scripted_http import Reply, ScriptedHttp
from tests.providers.conftest import web
from tests.providers.scenes import ROOT, reading, writing

__all__ = ["web"]  # a fixture
OK = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = OK + b"transfer-encoding: chunked\r\n"
GZIP = CHUNKED + b"content-encoding: gzip\r\n"
TWICE = CHUNKED + b"content-encoding: gzip, gzip\r\n"
MIB = 2**20


def chunk(data: bytes) -> bytes:
    """A piece of a body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def endless(head: bytes, *pieces: bytes, again: bytes) -> Callable[[], Iterator[bytes]]:
    """These pieces, and then the same one for ever."""

    def answer() -> Iterator[bytes]:
        yield head
        yield from pieces
        yield from repeat(again)

    return answer


def blank_blocks() -> bytes:
    """Compressed data that says nothing: an empty block, which isn't the last one."""
    return b"\x00\x00\x00\xff\xff" * 1000


def bomb(size: int) -> bytes:
    """So many bytes of white space, compressed."""
    packer = zlib.compressobj(9, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    piece = b" " * MIB
    return b"".join(packer.compress(piece) for _ in range(size // MIB)) + packer.flush()


SLOW = {
    "interim-answers": endless(b"", again=b"HTTP/1.1 102 Processing\r\n\r\n"),
    "headers-a-byte-at-a-time": endless(OK + b"x-slow: ", again=b"x"),
    "a-body-a-byte-at-a-time": endless(CHUNKED + b"\r\n", again=chunk(b" ")),
    "compressed-nothing": endless(
        GZIP + b"\r\n", chunk(gzip.compress(b"")[:10]), again=chunk(blank_blocks())
    ),
}
FAST = {
    "an-endless-body": endless(CHUNKED + b"\r\n", again=chunk(b" " * MIB)),
    "endless-headers": endless(OK, again=b"x-more: and more\r\n"),
    "a-bomb": endless(GZIP + b"\r\n", again=chunk(bomb(256 * MIB))),
    "a-bomb-in-a-bomb": endless(TWICE + b"\r\n", again=chunk(gzip.compress(bomb(64 * MIB)))),
    "rubbish-after-the-end": endless(
        GZIP + b"\r\n", chunk(gzip.compress(b"{}")), again=chunk(b"\0" * MIB)
    ),
}


def read(web: ScriptedHttp, *, timeout: float) -> ProviderError:
    """How a read of an answer without end fails."""
    with pytest.raises(ProviderError) as failed, reading(web, attempts=1, timeout=timeout) as it:
        it.get("/spaces", SPACES)
    return failed.value


@pytest.mark.parametrize("name", SLOW)
def test_an_answer_that_only_keeps_the_line_alive_is_given_up(web: ScriptedHttp, name: str) -> None:
    web.on("GET", f"{ROOT}/spaces", Reply(raw=SLOW[name], pace=0.01))
    assert isinstance(read(web, timeout=0.05), Unreachable)


def test_a_write_whose_answer_never_comes_may_have_happened(web: ScriptedHttp) -> None:
    web.on("POST", f"{ROOT}/spaces", Reply(raw=SLOW["interim-answers"], pace=0.01))
    with writing(web, attempts=3, timeout=0.05) as client:
        with pytest.raises(OutcomeUnknown):
            client.send("POST", "/spaces", SPACES, body={}, idempotent=False)
        assert client.calls == 1


def test_a_client_goes_on_after_an_answer_that_it_gave_up(web: ScriptedHttp) -> None:
    web.on(
        "GET",
        f"{ROOT}/spaces",
        Reply(raw=SLOW["interim-answers"], pace=0.01),
        Reply(json={"spaces": []}),
    )
    with reading(web, attempts=20, timeout=0.1) as client:
        assert client.get("/spaces", SPACES).spaces == []


@pytest.mark.parametrize("name", FAST)
def test_an_answer_that_swells_is_given_up(web: ScriptedHttp, name: str) -> None:
    web.on("GET", f"{ROOT}/spaces", Reply(raw=FAST[name]))
    assert isinstance(read(web, timeout=5), Unexpected | Unreachable)


def large(head: bytes, unit: bytes, tail: bytes, *, status: bytes = b"200 OK") -> Reply:
    """A body of nearly the most that is read: one unit again and again."""
    piece = unit * (MIB // len(unit))

    def answer() -> Iterator[bytes]:
        yield b"HTTP/1.1 " + status + b"\r\ntransfer-encoding: chunked\r\n\r\n"
        yield chunk(head)
        yield from repeat(chunk(piece), 62)
        yield chunk(tail) + chunk(b"")

    return Reply(raw=answer)


LARGE = {
    "spaces/of-wrong-rows": large(b'{"spaces":[', b"[],", b"[]]}"),
    "spaces/of-small-rows": large(
        b'{"spaces":[', b'{"sId":"a","name":"","kind":""},', b'{"sId":"a","name":"","kind":""}]}'
    ),
    "spaces/of-rows-just-few-enough": large(
        b'{"spaces":[',
        b'{"sId":"a","name":"' + b"n" * 40 + b'","kind":""},',
        b'{"sId":"a","name":"","kind":""}]}',
    ),
    "spaces/of-another-shape": large(b"[", b'"",', b'""]'),
    "spaces/that-nest": large(b"[", b"[", b"["),
    "spaces/with-a-long-number": large(b'{"spaces":', b"9", b"}"),
    "spaces/with-a-long-word": large(b'{"spaces":[{"sId":"', b"a", b'"}]}'),
    "spaces/refused-at-length": large(
        b'{"error":{"type":"x","message":"', b"a b ", b'"}}', status=b"400 No"
    ),
    "members/of-small-rows": large(
        b'{"total":1,"members":[', b'{"sId":"a","email":""},', b'{"sId":"a","email":""}]}'
    ),
    "usage/of-wrong-rows": large(b'{"usage":{', b'"abcdefgh":{},', b'"i":{}}}'),
}


def test_no_answer_takes_more_than_a_gibibyte_and_a_half(web: ScriptedHttp) -> None:
    for name, reply in LARGE.items():
        web.on("GET", f"{ROOT}/{name}", reply)
    for name, answer in FAST.items():
        web.on("GET", f"{ROOT}/spaces/{name}", Reply(raw=answer))
    names = [*LARGE, *(f"spaces/{name}" for name in FAST)]
    program = [sys.executable, "-m", "tests.fuzz.reading_program", web.url, "1536", *names]
    done = subprocess.run(program, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = [line.split(" ")[:2] for line in done.stdout.splitlines()]
    assert [name for name, _ in told] == names
    assert {failure for _, failure in told} <= {"Unexpected", "Unreachable", "Rejected"}
