"""Secrets that a store keeps as one text each: fetched once, with or without keys in it."""

from collections.abc import Callable, Sequence

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.acceptance import accept
from reconciler.secrets.failure import SecretFailure, failure
from reconciler.secrets.keys import pick_from_json
from reconciler.secrets.once import Once
from reconciler.secrets.secret import Secret
from reconciler.secrets.trouble import Trouble


class Texts:
    """Parameters: `fetch` gets the text of a place, or raises Trouble."""

    def __init__(self, fetch: Callable[[str], Secret]) -> None:
        self._fetch = fetch
        self._texts: Once[str, Secret] = Once()

    def read(
        self, reference: SecretRef, place: str, path: Sequence[str] = ()
    ) -> Secret | SecretFailure:
        """The text of a place, or what is under the keys of `path` in it."""
        try:
            text = self._texts.get(place, lambda: self._fetch(place))
        except Trouble as trouble:
            return trouble.about(reference)
        return pick_from_json(reference, text, path) if path else accept(reference, text.reveal())


def misshapen(reference: SecretRef, form: str, example: str) -> SecretFailure:
    """A locator that isn't of the form that its scheme has."""
    return failure(
        reference, Code.SECRET_MALFORMED, f"is not of the form `{form}`", f"e.g. `{example}`"
    )


def text_of(content: bytes) -> Secret:
    """The text that a store keeps as bytes. Raises Trouble when it's none."""
    try:
        return Secret(content.decode("utf-8"))
    except UnicodeDecodeError:
        # The error holds the whole content, so that nothing may be chained to it.
        pass
    raise Trouble(
        Code.SECRET_MALFORMED,
        "is not valid UTF-8",
        "a secret is text; store it as UTF-8 (encode binary keys, e.g. as base64)",
    )
