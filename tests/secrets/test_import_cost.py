"""Importing the package, or resolving without Vault, loads nothing that only Vault needs."""

import subprocess
import sys

import pytest

PROGRAM = """
import sys
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver
{use}
print(*sorted({{"hvac", "requests", "urllib3", "http.cookiejar"}} & set(sys.modules)))
"""


@pytest.mark.parametrize(
    ("use", "loaded"),
    [
        ("", ""),
        ("Resolver(environ={}).resolve([SecretRef('env', 'A'), SecretRef('file', 'A')])", ""),
        ("Resolver(environ={}).resolve([SecretRef('vault', 'a/b#c')])", "http.cookiejar"),
    ],
)
def test_heavy_libraries_are_loaded_when_vault_is_reached_and_not_before(
    use: str, loaded: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(use=use)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == loaded
