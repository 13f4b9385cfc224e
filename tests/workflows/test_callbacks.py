"""The redirect URIs that an OAuth app must allow."""

from pathlib import Path

from tests.parts.cli import run_anywhere

EVERYWHERE = """\
us  automatic     https://dust.tt/oauth/mcp/finalize
us  automatic     https://app.dust.tt/oauth/mcp/finalize
us  static-oauth  https://dust.tt/oauth/mcp_static/finalize
us  static-oauth  https://app.dust.tt/oauth/mcp_static/finalize
eu  automatic     https://eu.dust.tt/oauth/mcp/finalize
eu  static-oauth  https://eu.dust.tt/oauth/mcp_static/finalize
"""


def test_all_are_printed(tmp_path: Path) -> None:
    assert run_anywhere("callbacks", folder=tmp_path).out == EVERYWHERE


def test_those_of_a_region_are_printed_as_json(tmp_path: Path) -> None:
    done = run_anywhere("callbacks", "--region", "eu", "--output", "json", folder=tmp_path)
    assert done.json == {
        "format": "reconciler.callbacks/v1",
        "regions": {
            "eu": {
                "automatic": ["https://eu.dust.tt/oauth/mcp/finalize"],
                "static-oauth": ["https://eu.dust.tt/oauth/mcp_static/finalize"],
            }
        },
        "workspace": None,
    }
