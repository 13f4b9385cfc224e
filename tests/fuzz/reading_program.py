"""Reads answers with little memory to spare, and says what came of each: `python -m … URL MIB`."""

import resource
import sys
from typing import Any

from pydantic import TypeAdapter

from reconciler.providers import Connection, ProviderError
from reconciler.providers.dust.retries import Backoff
from reconciler.providers.dust.sessions import ReadClient
from reconciler.providers.dust.wire import MEMBERS, SPACES
from reconciler.providers.dust.wire_servers import USAGE
from reconciler.secrets import Secret

ADAPTERS: dict[str, TypeAdapter[Any]] = {"members": MEMBERS, "spaces": SPACES, "usage": USAGE}


def main(url: str, mebibytes: str, *paths: str) -> None:
    """Each path is KIND/NAME; prints `KIND/NAME FAILURE`, a line each."""
    size = int(mebibytes) * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    connection = Connection(url=url, workspace_id="w1", token=Secret("t.ana"), attempts=1)
    client = ReadClient(connection, Backoff(total=0))
    for path in paths:
        try:
            client.get(f"/{path}", ADAPTERS[path.partition("/")[0]])
        except ProviderError as error:
            print(path, type(error).__name__, error.message)
        else:
            print(path, "read")


if __name__ == "__main__":
    main(*sys.argv[1:])
