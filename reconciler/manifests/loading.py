"""Loads manifests: finds files, reads them fast, checks everything, and locates what is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reconciler.diagnostics import Code, Diagnostics, Severity
from reconciler.manifests.checking import Checked, check
from reconciler.manifests.credentials import may_hold_credential
from reconciler.manifests.desired import build, root_of
from reconciler.manifests.faults import Fault, InFile
from reconciler.manifests.files import BYTE_ORDER_MARK, find, read_all
from reconciler.manifests.limits import MAX_FAULTS
from reconciler.manifests.location import FileLocator
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.reading import read_documents
from reconciler.resources import Desired, Locator, Variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What the manifests say: `desired` is None as soon as there is an error.

    `files` are the names of the files that were read, sorted; `locator` tells where in them a
    field is written.
    """

    desired: Desired | None
    diagnostics: Diagnostics
    locator: Locator
    files: tuple[str, ...]


@dataclass(slots=True)
class _Texts:
    """All documents of all files, in order."""

    manifests: list[Manifest]
    faults: list[Fault]
    complete: bool = True


def load(
    paths: Sequence[Path],
    *,
    workspace: str | None = None,
    variables: Variables | None = None,
) -> Loaded:
    """Read and check every manifest in `paths`, files or folders.

    Parameters: `workspace` chooses one Workspace by its name when there are several; `variables`
    says which ones of the environment may be named, as at a desk when None. Every fault of every
    file becomes a diagnostic; nothing is raised for what an author can write.
    """
    found = find(paths)
    texts = _read(found.files, found.faults)
    checked = check(
        texts.manifests,
        workspace=workspace,
        complete=texts.complete,
        variables=variables or Variables(),
    )
    if not texts.manifests and texts.complete:
        checked.faults[:] = [_nothing(found.files)]
    faults = _some(texts.faults + checked.faults)
    homes = {a: (m.file, m.index) for a, m in checked.by_address.items()}
    diagnostics = FileLocator(homes).diagnostics(faults)
    desired = None if diagnostics.errors else _desired(checked)
    return Loaded(
        desired=desired,
        diagnostics=diagnostics,
        locator=FileLocator(homes, valid=desired is not None),
        files=tuple(found.files),
    )


def _some(faults: list[Fault]) -> list[Fault]:
    """As many faults as somebody may read; what stops the command goes before what doesn't."""
    if len(faults) <= MAX_FAULTS:
        return faults
    by_weight = sorted(faults, key=lambda fault: fault.severity is Severity.WARNING)
    return [
        *by_weight[:MAX_FAULTS],
        Fault(
            code=Code.TOO_MANY_FAULTS,
            message=f"{len(faults) - MAX_FAULTS} more are not told",
            help=("mend these first, or check that these files are manifests",),
            severity=by_weight[MAX_FAULTS].severity,
        ),
    ]


def _desired(checked: Checked) -> Desired | None:
    if checked.workspace is None:
        return None
    manifests = checked.by_address.values()
    return build(checked.workspace, manifests, root_of(checked.workspace))


def _read(files: Sequence[str], faults: list[Fault]) -> _Texts:
    texts = _Texts([], faults)
    read = 0
    for name, data in read_all(files, faults):
        read += 1
        text = data.removeprefix(BYTE_ORDER_MARK)
        try:
            text.decode()
        except UnicodeDecodeError as error:
            faults.append(_encoding(name, text, error))
            texts.complete = False
            continue
        reading = read_documents(name, text)
        suspect = may_hold_credential(text)
        texts.manifests += (
            Manifest(name, d.index, d.value, d.nulls, suspect) for d in reading.documents
        )
        faults += reading.faults
        texts.complete = texts.complete and reading.complete
    texts.complete = texts.complete and read == len(files) and not faults
    return texts


def _encoding(name: str, data: bytes, error: UnicodeDecodeError) -> Fault:
    before = data[: error.start]
    line = before.count(b"\n") + 1
    column = len(before[before.rfind(b"\n") + 1 :].decode(errors="replace")) + 1
    utf_16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    found = "it looks like UTF-16" if utf_16 else f"byte 0x{data[error.start]:02x} doesn't belong"
    return Fault(
        code=Code.FILE_ENCODING,
        message=f"not UTF-8: {found}",
        place=InFile(name, line, column),
        help=("save the file as UTF-8",),
    )


def _nothing(files: Sequence[str]) -> Fault:
    many = f"the {len(files)} files given are empty" if files else "no files were given"
    return Fault(
        code=Code.NO_MANIFESTS,
        message=f"no manifests: {many}" if len(files) != 1 else f"no manifests in `{files[0]}`",
        help=("add a manifest, or give another path with `--file`",),
    )
