"""One note that stays: found by a hidden marker, updated in place, and never two of it."""

import re

from reconciler.forges.contract import Deed, Draft, Issues, Note, Place, Published
from reconciler.forges.failures import Refused, Uncertain

_KEY = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/]|-(?!-)){0,99}\Z")


def marker_of(key: str) -> str:
    """The hidden first line of a note. Raises ValueError for a key that a comment can't hold."""
    if not _KEY.match(key):
        raise ValueError(
            "expected letters, digits, `.`, `_`, `/` and single `-`, at most 100, such as plan/acme"
        )
    return f"<!-- reconciler:{key} -->"


def upsert(place: Place, key: str, draft: Draft, *, create: bool = True) -> Published:
    """Make `draft` the one note with this key; without `create` only where there is one already.

    A text that stands there already isn't written again. Raises ForgeError.
    """
    marker = marker_of(key)
    text = f"{marker}\n{place.worded(draft.body)}"
    marked = Draft(body=text, title=draft.title, labels=draft.labels)
    _fit(place, marked)
    try:
        return _settle(place, marker, marked, create=create)
    except Uncertain:
        # What was sent may stand there: look, and write only what is missing.
        return _settle(place, marker, marked, create=create)


def close(place: Issues, key: str, comment: str) -> Published:
    """Close the issue with this key, and any double of it. Raises ForgeError."""
    comment = place.worded(comment)
    _fit(place, Draft(body=comment))
    found = place.ours(marker_of(key))
    if not found:
        return Published(deed=Deed.ABSENT)
    kept, *doubles = found
    _remove(place, doubles)
    closed = place.close(kept, comment)
    return Published(deed=Deed.CLOSED, number=closed.number, url=closed.url)


def _settle(place: Place, marker: str, draft: Draft, *, create: bool) -> Published:
    found, deed = list(place.ours(marker)), Deed.UNCHANGED
    if not found:
        if not create:
            return Published(deed=Deed.ABSENT)
        made, deed = place.create(draft), Deed.CREATED
        # Another run may have done so at the same time: both look again and keep the oldest.
        found = list(place.ours(marker)) or [made]
    kept, *doubles = found
    _remove(place, doubles)
    if not _says(kept, draft):
        kept = place.update(kept, draft)
        deed = deed if deed is Deed.CREATED else Deed.UPDATED
    return Published(deed=deed, number=kept.number, url=kept.url)


def _remove(place: Place, doubles: list[Note]) -> None:
    for double in doubles:
        place.remove(double)


def _says(note: Note, draft: Draft) -> bool:
    """Forges trim the end of a text and may keep other line breaks."""
    return note.title == draft.title and _lines(note.body) == _lines(draft.body)


def _lines(text: str) -> list[str]:
    return text.rstrip().splitlines()


def _fit(place: Place, draft: Draft) -> None:
    """Refuse what the forge would, before the first call. Raises Refused."""
    for what, text, most in (
        ("text", draft.body, place.limits.body),
        ("title", draft.title, place.limits.title),
    ):
        length = len(text.encode("utf-16-le", "surrogatepass")) // 2
        if length > most:
            raise Refused(
                f"the {what} is too long: {length:,} characters, and {most:,} are the most",
                help=("`--report markdown=FILE` makes one that fits",) if what == "text" else (),
            )
