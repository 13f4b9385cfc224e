"""Files that nobody wrote by hand are refused before they take the machine's memory."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.diagnostics import Code
from reconciler.manifests import files, load
from reconciler.manifests.limits import MAX_DOCUMENTS, MAX_FAULTS, MAX_VALUES
from tests.manifests.corpus import SPACE, WORKSPACE

_LARGE = files.MAX_FILE_BYTES - 4096
_MOST_MIB = 400
_MEASURED = """
import os, sys
from reconciler.cli import main
end = os._exit
def told(code):
    sys.stderr.write(open("/proc/self/status").read())
    sys.stderr.flush()
    end(code)
os._exit = told
main()
"""
"""The command line, which tells at its end what it took at most: what a parent is told counts what
the parent itself had when it started the child."""


def filled(head: str, unit: Callable[[int], str], tail: str = "") -> str:
    """A file of nearly 8 MiB: one unit again and again, each with a number of its own."""
    return head + "".join(map(unit, range(_LARGE // len(unit(1_000_000))))) + tail


HOSTILE = {
    "keys of one mapping": lambda: filled(
        SPACE.replace("spec:\n", "spec: {"), lambda number: f"k{number}: 1,", "}"
    ),
    "anchors": lambda: filled(f"{SPACE}  members: [", lambda number: f"&a{number} x,", "]"),
    "aliases": lambda: filled(f"{SPACE}  members: [&a x,", lambda _number: "*a,", "]"),
    "the same key": lambda: filled(SPACE, lambda _number: "  k: 1\n"),
    "documents": lambda: filled("", lambda _number: "---\na: 1\n"),
}


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux how much memory there was")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_of_8_mib_is_refused_within_400_mib(tmp_path: Path, name: str) -> None:
    (tmp_path / "any.yaml").write_text(HOSTILE[name](), "utf-8")
    command = [sys.executable, "-c", _MEASURED, "validate", "-f", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 1
    assert len(done.stdout + done.stderr) < 1_000_000
    (told,) = re.findall(rb"^VmHWM:\s+(\d+) kB$", done.stderr, re.MULTILINE)
    assert int(told) / 1024 < _MOST_MIB


def test_a_document_of_too_many_values_is_refused_at_the_place_where_it_is_too_many(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.yaml").write_text(f"{SPACE}  members: [{'a,' * MAX_VALUES}]", "utf-8")
    (found,) = load([tmp_path]).diagnostics
    assert found.code is Code.FILE_TOO_LARGE
    assert found.message == "this document has over 200,000 keys and values"
    assert found.span is not None
    assert found.span.line == 5


def test_many_documents_of_few_values_are_read(tmp_path: Path) -> None:
    documents = (f"---\n{SPACE.replace('finance', f'f{n}')}  members: []\n" for n in range(300))
    (tmp_path / "a.yaml").write_text(f"{WORKSPACE}{''.join(documents)}", "utf-8")
    loaded = load([tmp_path])
    assert loaded.desired is not None
    assert len(loaded.desired.resources) == 300


def test_a_file_of_too_many_documents_is_not_read_further(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("---\n" * (MAX_DOCUMENTS + 5), "utf-8")
    (found,) = load([tmp_path]).diagnostics
    assert found.message == "this file has over 100,000 documents"


def test_after_ten_thousand_faults_nothing_is_called_missing(tmp_path: Path) -> None:
    faulty = (f"---\n{SPACE.replace('finance', f'f{n}')}  akcess: open\n" for n in range(12_000))
    (tmp_path / "a.yaml").write_text("".join(faulty), "utf-8")
    told = load([tmp_path]).diagnostics
    assert len(told) == MAX_FAULTS + 1
    assert {item.code for item in told} == {Code.UNKNOWN_FIELD, Code.TOO_MANY_FAULTS}


def test_a_link_to_a_folder_without_end_is_not_searched_to_its_end(tmp_path: Path) -> None:
    endless = tmp_path / "endless"
    endless.mkdir()
    for number in range(files.MAX_LINKED_ENTRIES + 1):
        (endless / str(number)).touch()
    manifests = tmp_path / "manifests"
    manifests.mkdir()
    (manifests / "w.yaml").write_text(WORKSPACE, "utf-8")
    (manifests / "there").symlink_to(endless)
    (found,) = load([manifests]).diagnostics
    assert found.code is Code.FILE_TOO_LARGE
    assert "too much to search" in found.message
    assert load([endless]).diagnostics.errors[0].code is Code.NO_MANIFESTS
