"""What proves to Vault who we are: kept in a variable, or in a file that somebody renews."""

from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Code
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble
from reconciler.secrets.vault_addresses import is_header_text

_MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Something that only we have: a value, or a file that is read at each sign-in.

    Parameters: `source` is the variable or file to name in messages.
    """

    source: str
    text: Secret | None = None
    path: str | None = None

    def read(self) -> Secret:
        """The value, without white space at its ends. Raises Trouble when there is none to use."""
        found = (
            self.text.reveal() if self.text is not None else read_file(self.path or "", self.source)
        )
        if not found.strip():
            raise denied(f"{self.source} is empty", "put the value there, and nothing else")
        if not is_header_text(found.strip()):
            raise denied(
                f"{self.source} holds characters that no token has",
                "check that it holds the token alone",
            )
        return Secret(found.strip())


def read_file(path: str, source: str) -> str:
    """The text of a small file. Raises Trouble that names it as `source`."""
    try:
        with Path(path).open("rb") as stream:
            return stream.read(_MAX_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        problem = f"{source} can't be opened"
    raise denied(problem, "check that the file is there, and its permissions")


def denied(problem: str, *advice: str) -> Trouble:
    """We can't say who we are, whichever secret is asked for."""
    return Trouble(Code.SECRET_DENIED, f"can't be read: {problem}", *advice, everywhere=True)
