"""Secrets in files, such as mounted Kubernetes or Docker secrets: `{file: path}`."""

import os
import stat

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.acceptance import accept
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.failure import SecretFailure, failure
from reconciler.secrets.secret import Secret

MAX_BYTES = 64 * 1024
_FLAGS = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"))


class _Refused(Exception):
    """The file was reached and is not one that holds a secret."""

    def __init__(self, problem: str, advice: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.advice = advice


class FileBackend:
    """Reads regular files, relative to the current directory; symbolic links are followed."""

    def __init__(self, surroundings: Surroundings) -> None:
        del surroundings  # files need nothing of them

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The file's text without one final line break; see `accept` for what is refused."""
        if "\0" in reference.locator or not reference.locator:
            return failure(
                reference, Code.SECRET_MALFORMED, "is not a path", "give the path of a file"
            )
        try:
            content = _read(reference.locator)
        except _Refused as refused:
            return failure(reference, Code.SECRET_MALFORMED, refused.problem, refused.advice)
        except OSError as error:
            return _failed(reference, error)
        return _decoded(reference, content)

    def close(self) -> None:
        """Nothing is held."""


def _read(path: str) -> bytes:
    # Looked at before it is opened, since opening some devices has effects; opened without
    # blocking and looked at again, since the path may have become a FIFO in between.
    _must_be_regular(os.stat(path))  # noqa: PTH116 - the path is taken as written
    with os.fdopen(os.open(path, _FLAGS), "rb") as stream:
        _must_be_regular(os.fstat(stream.fileno()))
        content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise _Refused(
            f"is larger than {MAX_BYTES // 1024} KiB",
            "point to a file that holds nothing but the secret",
        )
    return content


def _must_be_regular(status: os.stat_result) -> None:
    if stat.S_ISREG(status.st_mode):
        return
    what = "a directory" if stat.S_ISDIR(status.st_mode) else "a pipe, socket or device"
    raise _Refused(f"is {what}, not a file", "point to a regular file that holds the secret")


def _failed(reference: SecretRef, error: OSError) -> SecretFailure:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return failure(
                reference,
                Code.SECRET_MISSING,
                "is missing: there is no such file",
                "a relative path starts at the directory that the command runs in",
            )
        case PermissionError():
            return failure(
                reference,
                Code.SECRET_DENIED,
                "can't be read: permission denied",
                "let the user that runs this command read the file",
            )
        case _:
            reason = os.strerror(error.errno) if error.errno else "input/output error"
            return failure(
                reference,
                Code.SECRET_UNREACHABLE,
                f"can't be read: {reason}",
                "check the path and the file system it is on",
            )


def _decoded(reference: SecretRef, content: bytes) -> Secret | SecretFailure:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        # The error object carries the whole content: it must not be chained to anything.
        return failure(
            reference,
            Code.SECRET_MALFORMED,
            "is not valid UTF-8",
            "a secret is text; store it as UTF-8 (encode binary keys, e.g. as base64)",
        )
    return accept(reference, text[:-2] if text.endswith("\r\n") else text.removesuffix("\n"))
