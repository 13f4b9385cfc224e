"""Links and mounts where a state is: nothing is written through what a checkout brought."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from reconciler.state import StateUnwritable
from reconciler.state.atomic import mounted_alone
from tests.state.stores import FINANCE, entry, files, session, store


@pytest.mark.parametrize("suffix", [".lock", ".lock-owner", ".journal"])
@pytest.mark.parametrize("there", [True, False])
def test_a_file_beside_the_state_is_never_written_through_a_link(
    tmp_path: Path, suffix: str, *, there: bool
) -> None:
    folder, target = tmp_path / "states", tmp_path / "profile"
    folder.mkdir()
    if there:
        target.write_text("")  # what it holds, a journal is refused for
    (folder / f"acme.json{suffix}").symlink_to(target)
    try:
        with session(folder) as held:
            held.put(FINANCE, entry())
    except StateUnwritable:
        assert suffix != ".lock-owner"
    assert [path.read_text() for path in tmp_path.iterdir() if path.is_file()] == [""] * there


def test_a_state_that_is_a_link_stays_one_and_its_file_is_replaced(tmp_path: Path) -> None:
    disk, folder = tmp_path / "disk", tmp_path / "states"
    for each in (disk, folder):
        each.mkdir()
    with session(disk) as held:
        held.put(FINANCE, entry())
    (folder / "acme.json").symlink_to("../disk/acme.json")
    with session(folder) as held:
        held.drop(FINANCE)
    assert (folder / "acme.json").is_symlink()
    assert store(disk).load().entries == {}


def test_a_state_that_is_a_link_to_nothing_is_refused_before_anything_is_done(
    tmp_path: Path,
) -> None:
    (tmp_path / "acme.json").symlink_to("gone.json")
    with pytest.raises(StateUnwritable, match="a link to a file that isn't there"):
        session(tmp_path).__enter__()
    assert files(tmp_path) <= {"acme.json", "acme.json.lock"}


@pytest.mark.skipif(sys.platform != "linux", reason="mounts are known on Linux only")
@pytest.mark.parametrize("name", ["acme.json", "a b\\c.json"])
def test_a_state_that_is_mounted_by_itself_is_refused_before_anything_is_done(
    tmp_path: Path, name: str
) -> None:
    """In a namespace of mounts of its own, which nobody has to be root for."""
    (tmp_path / "kept.json").write_text("{}")
    (tmp_path / name).write_text("")
    program = (
        "import pathlib, sys; from reconciler.state.locking import Locking\n"
        "from reconciler.state import Owner, StateUnwritable\n"
        "try: Locking(pathlib.Path(sys.argv[1])).hold(Owner(user='a', host='b', pid=1"
        ")).__enter__()\n"
        "except StateUnwritable as error: print(error.message, error.help)\n"
    )
    mounting = 'mount --bind kept.json "$1" && exec "$0" -c "$2" "$1"'
    done = subprocess.run(
        ["unshare", "-rm", "sh", "-c", mounting, sys.executable, name, program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    if "unshare" in done.stderr and "CI" not in os.environ:
        pytest.skip("namespaces are not allowed here")
    assert "mounted by itself" in done.stdout, done
    assert "mount the folder" in done.stdout
    assert not mounted_alone(tmp_path / name)
