"""Importing the package, or resolving, loads nothing that only other stores need."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver
{use}
heavy = {{"hvac", "requests", "urllib3", "http.cookiejar", "boto3", "google", "azure"}}
heavy |= {{"subprocess"}}
print(*sorted(heavy & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("use", "loaded"),
    [
        ("", ""),
        ("Resolver(environ={}).resolve([SecretRef('env', 'A'), SecretRef('file', 'A')])", ""),
        ("Resolver(environ={}).resolve([SecretRef('vault', 'a/b#c')])", "http.cookiejar"),
        ("Resolver(environ={}).resolve([SecretRef('op', 'op://a/b/c')])", "subprocess"),
    ],
)
def test_heavy_libraries_are_loaded_when_their_store_is_reached_and_not_before(
    use: str, loaded: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(use=use)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == loaded
