"""The addresses that an OAuth app or an authorization server must allow. Pure."""

from collections.abc import Mapping

from reconciler.providers.dust.goals import PROVIDERS

_HOSTS: Mapping[str, tuple[str, ...]] = {
    "us": ("https://dust.tt", "https://app.dust.tt"),
    "eu": ("https://eu.dust.tt",),
}
"""Dust's documentation, "Whitelisting Dust as an MCP Provider": the hosts of each region."""


def callbacks(region: str | None = None) -> dict[str, dict[str, list[str]]]:
    """Redirect URIs by region and auth mode; of one region (`us` or `eu`), or of all.

    Raises KeyError for another region.
    """
    regions = _HOSTS if region is None else {region: _HOSTS[region]}
    return {
        name: {
            mode: [f"{host}/oauth/{provider}/finalize" for host in hosts]
            for mode, provider in PROVIDERS.items()
        }
        for name, hosts in regions.items()
    }
