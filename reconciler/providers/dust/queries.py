"""The query of an address that somebody else wrote."""

from collections.abc import Mapping
from urllib.parse import parse_qs, urlsplit


def query_of(address: str) -> Mapping[str, list[str]]:
    """The values by name, blank ones too; nothing where the address isn't one."""
    try:
        return parse_qs(urlsplit(address).query, keep_blank_values=True)
    except ValueError:
        return {}


def state_of(address: str) -> str:
    """The `state` of a sign-in's address; empty when it has none."""
    return query_of(address).get("state", [""])[0]
