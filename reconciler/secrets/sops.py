"""Values in files that are encrypted with SOPS, through its program: `{sops: "path#key.sub"}`."""

import os
import re

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.backend import Surroundings
from reconciler.secrets.failure import SecretFailure
from reconciler.secrets.programs import Program, limited
from reconciler.secrets.secret import Secret
from reconciler.secrets.texts import Texts, misshapen, text_of
from reconciler.secrets.trouble import Trouble

_PLACE = re.compile(r"([^#\x00-\x1f\x7f]+)#([^\s#]+)")
_INSTALL = "install SOPS 3.9 or later (getsops.io), and put it on PATH"
_OWN = ("SOPS_", "AWS_", "AZURE_", "CLOUDSDK_", "GNUPGHOME", "GOOGLE_", "GPG_")
_NO_KEY, _NO_FILE = 128, 100
_UNREADABLE = frozenset({2, 3})
_ALTERED = frozenset({24, 25, 51, 52})
"""Exit codes of SOPS (`cmd/sops/codes`): 128 no key could be had, 100 no file, 2 it can't be read,
24, 25, 51 and 52 what was decrypted isn't what was encrypted."""


class SopsBackend:
    """Decrypts each file once, with the keys that `sops` finds by itself.

    The file says which keys it needs, and whoever may write manifests may write such a file. For
    a key in Vault's transit engine it also names the server, and `sops` would send Vault's token
    there; so it gets none, and files with no other key can't be read.
    """

    def __init__(self, surroundings: Surroundings) -> None:
        environ = limited(surroundings.environ, _OWN)
        # With one that is no token, it doesn't look for ~/.vault-token either.
        environ["VAULT_TOKEN"] = "none-for-sops"  # noqa: S105 - it is none
        # A `.sops.yaml` of the current folder is for those who encrypt.
        environ["SOPS_CONFIG"] = os.devnull
        self._sops = Program("sops", environ, surroundings, _INSTALL)
        self._texts = Texts(self._fetch)

    def read(self, reference: SecretRef) -> Secret | SecretFailure:
        """The value at the key; dots lead into what is nested, numbers count in lists."""
        place = _PLACE.fullmatch(reference.locator)
        if place is None or "" in place[2].split("."):
            return misshapen(reference, "path#key", "secrets/prod.enc.yaml#mcp.github.token")
        return self._texts.read(reference, place[1], place[2].split("."))

    def close(self) -> None:
        """End what still runs."""
        self._sops.close()

    def _fetch(self, path: str) -> Secret:
        # As an absolute path it can't be taken for an option.
        whole = os.path.abspath(path)  # noqa: PTH100 - the path is taken as written
        ended = self._sops.run("decrypt", "--output-type", "json", whole)
        match ended.code:
            case 0:
                return text_of(ended.output)
            case code if code == _NO_FILE:
                raise Trouble(
                    Code.SECRET_MISSING,
                    "is missing: there is no such file",
                    "a relative path starts at the directory that the command runs in",
                )
            case code if code == _NO_KEY:
                raise Trouble(
                    Code.SECRET_DENIED,
                    "can't be read: SOPS gets none of the keys that decrypt the file",
                    "give it one (SOPS_AGE_KEY, SOPS_AGE_KEY_FILE, gpg, or access to the key in "
                    "the cloud); keys in Vault's transit engine are not used",
                )
            case code if code in _ALTERED:
                raise Trouble(
                    Code.SECRET_MALFORMED,
                    "can't be read: the file was changed after it was encrypted",
                    "edit it with `sops edit` only; take the last good version",
                )
            case code if code in _UNREADABLE:
                raise Trouble(
                    Code.SECRET_DENIED,
                    "can't be read: SOPS can't read the file",
                    "let the user that runs this command read the file",
                )
            case code:
                raise Trouble(
                    Code.SECRET_MALFORMED,
                    f"can't be read: SOPS can't decrypt the file ({code})",
                    "check with `sops decrypt` that it is a file encrypted with SOPS",
                )
