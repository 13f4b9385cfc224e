"""Secrets in 1Password, through its program: `{op: "op://vault/item/field"}`."""

import re

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.failure import SecretFailure
from reconciler.secrets.programs import Program, limited
from reconciler.secrets.secret import Secret
from reconciler.secrets.texts import Texts, misshapen, text_of
from reconciler.secrets.trouble import Trouble

_PLACE = re.compile(r"op://[A-Za-z0-9_. -]+(?:/[A-Za-z0-9_. -]+){2,3}")
_INSTALL = "install the 1Password CLI (developer.1password.com), and put it on PATH"
_NAMES = re.compile(rb'"[^"]*"')
_ABSENT = re.compile(rb"isn't (?:an? )?(?:item|vault|field|section)|no item matched|not found")
_SIGNED_OUT = re.compile(
    rb"sign(?:ed)? ?in|no accounts configured|authoriz|authenticat|session expired|"
    rb"service account|\b40[13]\b"
)


class OpBackend:
    """Reads each reference with `op read`, as whoever is signed in there.

    That is a service account (OP_SERVICE_ACCOUNT_TOKEN), a Connect server (OP_CONNECT_HOST and
    OP_CONNECT_TOKEN), or a person at their desk. `op` says what went wrong in words only, and
    ends with 1 whatever it was.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        environ = limited(surroundings.environ, ("OP_",))
        self._op = Program("op", environ, surroundings, _INSTALL)
        self._texts = Texts(self._fetch)

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The value of the field."""
        if _PLACE.fullmatch(reference.locator) is None:
            return misshapen(
                reference, "op://vault/item/field", "op://Platform/GitHub MCP/credential"
            )
        return self._texts.read(reference, reference.locator)

    def close(self) -> None:
        """End what still runs."""
        self._op.close()

    def _fetch(self, place: str) -> Secret:
        ended = self._op.run("read", "--no-newline", place)
        if ended.code == 0:
            return text_of(ended.output)
        said = _NAMES.sub(b'""', ended.complaint.lower().replace(place.lower().encode(), b""))
        if _ABSENT.search(said):
            raise Trouble(
                Code.SECRET_MISSING,
                "is missing: 1Password has no such vault, item or field for this account",
                "check the reference (`op item get ITEM --vault VAULT`), and that the account "
                "may see the vault",
            )
        if _SIGNED_OUT.search(said):
            raise Trouble(
                Code.SECRET_DENIED,
                "can't be read: nobody is signed in to 1Password, or its token is refused",
                "set OP_SERVICE_ACCOUNT_TOKEN in CI, or run `op signin` at your desk",
            )
        raise Trouble(
            Code.SECRET_UNREACHABLE,
            f"can't be read: the program `op` failed ({ended.code})",
            "try `op read` with this reference by hand",
        )
