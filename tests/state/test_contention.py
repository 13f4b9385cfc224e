"""Many runs want one state at once: exactly one at a time has it, and nothing gets lost."""

import subprocess
import sys
from pathlib import Path

from tests.state.stores import files, store

_MANY = 50


def test_fifty_at_once_take_turns_and_each_ones_work_is_kept(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.state.holder_program", "crowd", str(tmp_path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)
    assert ended.returncode == 0, ended.stderr
    serials = sorted(map(int, ended.stdout.split()))
    assert serials == list(range(1, _MANY + 1)), "each saw what the one before it wrote"
    state = store(tmp_path).load()
    assert len(state.entries) == _MANY
    assert files(tmp_path) == {"acme.json"}
