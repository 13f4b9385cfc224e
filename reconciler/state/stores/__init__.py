"""Places that several machines share for a state: PostgreSQL, buckets, state servers over HTTP."""

from reconciler.state.shelf import Shelf
from reconciler.state.stores.tries import Opening, Tries

__all__ = ["Opening", "Tries", "shelf_at"]


def shelf_at(url: str, *, key: str, opening: Opening) -> Shelf:
    """The shelf at `url`; nothing is sent yet, and no library imported.

    Parameters: `key` names the text where the URL names none. Raises ValueError for a
    scheme that isn't one of `STATE_SCHEMES`.
    """
    match url.partition("://")[0]:
        case "postgresql" | "postgres":
            from reconciler.state.stores.postgres import PostgresShelf

            return PostgresShelf(url, key=key, opening=opening)
        case "s3" | "gs" | "az":
            from reconciler.state.stores.objects import ObjectShelf

            return ObjectShelf(url, key=key, opening=opening)
        case "https" | "http":
            from reconciler.state.stores.http import HttpShelf

            return HttpShelf(url, opening=opening)
        case scheme:
            raise ValueError(f"`{scheme}` is no kind of store")
