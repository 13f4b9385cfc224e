"""Reading manifests must start fast, so what it doesn't need is not imported."""

import subprocess
import sys

_HEAVY = (
    "httpx2",
    "mcp",
    "deepdiff",
    "rich",
    "jsonschema",
    "cel_expr_python",
    "hvac",
    "starlette",
    "anyio",
)


def test_the_door_imports_nothing_heavy() -> None:
    program = (
        f"import sys, reconciler.manifests; print(*[m for m in {_HEAVY!r} if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert run.stdout.strip() == b""
