"""What may be used as a secret, whichever backend it comes from."""

from unicodedata import category

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.failure import SecretFailure, failure
from reconciler.secrets.secret import Secret

_NAMED = {"\n": "a line break", "\r": "a line break", "\t": "a tab", "\x00": "a NUL"}


def accept(reference: SecretRef, text: str) -> Secret | SecretFailure:
    """The secret, unless `text` is blank or can't be sent.

    A secret ends up in an HTTP header, a form or a JSON body. A header can carry no control
    character (RFC 9110, section 5.5), and one that silently loses its line breaks is a secret
    that doesn't work; so it is refused here, where the reference can still be named.
    """
    if not text.strip():
        what = "only white space" if text else "nothing"
        return failure(
            reference,
            Code.SECRET_EMPTY,
            f"is empty: it holds {what}",
            "an empty secret is never sent; store a value, or remove the reference",
        )
    problem = _unfit(text)
    if problem is None:
        return Secret(text)
    return failure(reference, Code.SECRET_MALFORMED, *problem)


def _unfit(text: str) -> tuple[str, str] | None:
    """What is wrong with the characters and what to do, without quoting any of the text."""
    if text[0] == "\N{ZERO WIDTH NO-BREAK SPACE}":
        return (
            "starts with a byte order mark, which would be sent as part of it",
            "save it as UTF-8 without a byte order mark",
        )
    for place, char in enumerate(text):
        match category(char):
            case "Cs":
                return "is not valid UTF-8", "store it as UTF-8 text"
            case "Cc":
                what = _NAMED.get(char, "a control character")
                where = "ends with" if place == len(text) - 1 else "holds"
                return (
                    f"{where} {what}, which an HTTP header can't carry",
                    "store it as one line without a final line break (`printf %s`, not `echo`)",
                )
            case _:
                continue
    return None
