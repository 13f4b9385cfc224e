"""A value out of a secret that has several: by its key, without a word about the others."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.diagnostics import Code
from reconciler.resources import SecretRef
from reconciler.secrets.acceptance import accept
from reconciler.secrets.failure import SecretFailure, failure
from reconciler.secrets.secret import Secret


def pick(
    reference: SecretRef, document: Mapping[str, Secret | str], key: str, what: str = "path"
) -> Secret | SecretFailure:
    """The value under the key; see `accept` for what is refused.

    Parameters: `document` has for a value that is no text the name of its type; `what` names the
    thing that has the keys.
    """
    match document.get(key):
        case None:
            # Names of keys can be telling too, so they are counted and not listed.
            count = "1 key" if len(document) == 1 else f"{len(document)} keys"
            return failure(
                reference,
                Code.SECRET_MISSING,
                f"is missing: the {what} has {count}, and none of that name",
                "check the part behind `#`; upper and lower case count",
            )
        case Secret() as found:
            return accept(reference, found.reveal())
        case kind:
            return failure(
                reference,
                Code.SECRET_MALFORMED,
                f"is {kind}, not text",
                "store the value as a string (in JSON: between quotes)",
            )


def pick_from_json(
    reference: SecretRef, text: Secret, path: Sequence[str]
) -> Secret | SecretFailure:
    """The value in a JSON document, a key below the other; a number counts in a list."""
    try:
        found = _keyed(json.loads(text.reveal()))
    except (ValueError, RecursionError):
        found = None
    if found is None:
        return failure(
            reference,
            Code.SECRET_MALFORMED,
            "has no keys: it is not a JSON object",
            "leave the part behind `#` out",
        )
    *above, key = path
    for one in above:
        found = _keyed(found.get(one))
        if found is None:
            return failure(
                reference,
                Code.SECRET_MISSING,
                "is missing: what should hold its key isn't there, or holds no keys",
                "check the part behind `#`; upper and lower case count",
            )
    return pick(reference, {name: hidden(one) for name, one in found.items()}, key, "secret")


def _keyed(value: object) -> Mapping[str, Any] | None:
    match value:
        case dict():
            return value
        case list():
            return {str(number): one for number, one in enumerate(value)}
        case _:
            return None


def hidden(value: object) -> Secret | str:
    """A text as a secret; for what is no text, the name of its type."""
    match value:
        case str():
            return Secret(value)
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case None:
            return "null"
        case list():
            return "a list"
        case _:
            return "an object"
