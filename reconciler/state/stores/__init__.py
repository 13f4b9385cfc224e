"""Places that several machines share for a state: PostgreSQL, buckets, state servers over HTTP."""

from collections.abc import Callable
from datetime import timedelta

from reconciler.state.heartbeat import LEASE
from reconciler.state.shelf import Credentials, Shelf
from reconciler.state.stores.tries import Tries

__all__ = ["Tries", "shelf_at"]


def shelf_at(
    url: str,
    *,
    key: str,
    credentials: Callable[[], Credentials],
    tries: Tries | None = None,
    lease: timedelta = LEASE,
) -> Shelf:
    """The shelf at `url`; nothing is sent yet, and no library imported.

    Parameters: `key` names the text where the URL names none; `credentials` are asked for when
    something is sent; `lease` is how long a lock is believed without a sign of life, where the
    store has leases. Raises ValueError for a scheme that isn't one of `STATE_SCHEMES`.
    """
    tries = tries or Tries()
    match url.partition("://")[0]:
        case "postgresql" | "postgres":
            from reconciler.state.stores.postgres import PostgresShelf

            return PostgresShelf(url, key=key, credentials=credentials, tries=tries, lease=lease)
        case "s3" | "gs" | "az":
            from reconciler.state.stores.objects import ObjectShelf

            return ObjectShelf(url, key=key, credentials=credentials, tries=tries, lease=lease)
        case "https" | "http":
            from reconciler.state.stores.http import HttpShelf

            return HttpShelf(url, credentials=credentials, tries=tries)
        case scheme:
            raise ValueError(f"`{scheme}` is no kind of store")
