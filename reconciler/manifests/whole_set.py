"""Rules between manifests: addresses, names, references, and the one workspace."""

from collections.abc import Callable, Iterable, Sequence

from reconciler.diagnostics import Code
from reconciler.manifests.faults import At, Fault, Part
from reconciler.manifests.manifest import Manifest
from reconciler.manifests.suggestions import Suggester
from reconciler.manifests.words import choices, quoted
from reconciler.resources import COMPANY, WORKSPACE_KIND, Address

_NAME: At = ("metadata", "name")


def check_addresses(manifests: Iterable[Manifest]) -> dict[Address, Manifest]:
    """The manifest of each address, the first where several claim one; the others are reported."""
    first: dict[Address, Manifest] = {}
    for manifest in manifests:
        address = manifest.address
        if address is None:
            continue
        if address in first:
            manifest.report(
                _NAME,
                Code.DUPLICATE_ADDRESS,
                f"{quoted(str(address))} is declared twice",
                label="declared again here",
                related=(("first declared at", first[address].place(_NAME)),),
                help=("rename one of the two, or remove it",),
            )
        first.setdefault(address, manifest)
    return first


def check_references(by_address: dict[Address, Manifest], suggest: Suggester) -> None:
    """Every Space that a server names must be there."""
    spaces = frozenset(a.name for a in by_address if a.kind == "Space")
    for address, manifest in by_address.items():
        if address.kind == "MCPServer":
            for at, name in manifest.texts("spec", "spaces"):
                if name not in spaces and name != COMPANY:
                    _dangling(manifest, at, name, spaces, suggest)


def _dangling(
    manifest: Manifest, at: At, name: str, spaces: frozenset[str], suggest: Suggester
) -> None:
    titles = "`spaces` takes the `metadata.name` of a Space, not its display name"
    manifest.report(
        at,
        Code.DANGLING_REFERENCE,
        f"there is no Space {quoted(name, otherwise='of this name')}",
        label="no such Space",
        notes=(titles,),
        help=suggest.did_you_mean(name, (*spaces, COMPANY))
        or ("add the Space to the manifests, or remove it here",),
    )


def check_previous_names(by_address: dict[Address, Manifest]) -> None:
    """A previous name belongs to one resource, and to none that exists, unless that moves too.

    Two resources may swap their names, and names may move up in a row: then the resource that has
    the name now says where it gets its own object from.
    """
    claimed: dict[Address, tuple[Manifest, At]] = {}
    for address, manifest in by_address.items():
        for at, name in manifest.texts("metadata", "previously"):
            old = Address(address.kind, name)
            if old in claimed and claimed[old][0] is not manifest:
                other, place = claimed[old]
                _previous(manifest, at, f"{quoted(name)} was claimed before", other, place)
            elif old == address:
                _previous(manifest, at, f"{quoted(name)} is this resource's own name")
            elif old in by_address and not any(by_address[old].texts("metadata", "previously")):
                message = f"{quoted(name)} is the name of a resource that exists"
                _previous(manifest, at, message, by_address[old], _NAME)
            claimed.setdefault(old, (manifest, at))


def _previous(
    manifest: Manifest, at: At, message: str, other: Manifest | None = None, place: At = ()
) -> None:
    manifest.report(
        at,
        Code.PREVIOUS_NAME_CLASH,
        message,
        related=(("it is at", other.place(place)),) if other else (),
        help=("`previously` lists names that are gone, each for one resource: remove it here",),
    )


def check_titles(by_address: dict[Address, Manifest]) -> None:
    """Display names that the platform would refuse as taken."""
    spaces = [m for a, m in by_address.items() if a.kind == "Space"]
    servers = [m for a, m in by_address.items() if a.kind == "MCPServer"]
    # Dust API: names of spaces are unique in a workspace without regard to case, trimmed; names
    # of tools are compared exactly, in the system space.
    _clashes(spaces, lambda title: title.strip().casefold(), "letter case doesn't count")
    _clashes(servers, lambda title: title, "every tool of a workspace needs a name of its own")


def _clashes(manifests: Iterable[Manifest], key: Callable[[str], str], note: str) -> None:
    first: dict[str, tuple[Manifest, At]] = {}
    for manifest in manifests:
        title, at = _title(manifest)
        if title is None:
            continue
        if key(title) in first:
            other, place = first[key(title)]
            manifest.report(
                at,
                Code.NAME_CLASH,
                f"the display name {quoted(title)} is taken by {other.kind} "
                f"{quoted(other.get(*_NAME))}",
                notes=(note,),
                related=(("it is at", other.place(place)),),
                help=("give one of the two another `displayName`",),
            )
        first.setdefault(key(title), (manifest, at))


def _title(manifest: Manifest) -> tuple[str | None, At]:
    title = manifest.get("spec", "displayName")
    if isinstance(title, str):
        return title, ("spec", "displayName")
    name = manifest.get(*_NAME)
    # A server without a display name keeps the name it gives itself, which nobody knows here.
    return (name, _NAME) if manifest.kind == "Space" and isinstance(name, str) else (None, ())


def choose_workspace(
    manifests: Sequence[Manifest], wanted: str | None, *, complete: bool
) -> tuple[Manifest | None, list[Fault]]:
    """The manifest of the one workspace, or why there isn't one.

    Parameters: `wanted` is a name, to choose among several; `complete` says that every manifest
    could be read, so that an absence is a fact.
    """
    found = [m for m in manifests if m.kind == WORKSPACE_KIND]
    named = [m for m in found if wanted is None or m.get(*_NAME) == wanted]
    if named:
        # A name may be anything here; one that is no text is told of by itself.
        if len({str(m.get(*_NAME)) for m in named}) > 1:
            for other in named[1:]:
                _second_workspace(other, named[0])
        return named[0], []
    if not complete:
        return None, []
    names = sorted({str(m.get(*_NAME)) for m in found})
    if wanted is not None and names:
        message = f"no Workspace is named {quoted(wanted)}"
        advice = (f"choose {choices(names)}",)
    else:
        message = "there is no Workspace among the manifests"
        advice = ("add a manifest of kind `Workspace`, or give the file that has it",)
    return None, [Fault(code=Code.MISSING_WORKSPACE, message=message, help=advice)]


def _second_workspace(manifest: Manifest, first: Manifest) -> None:
    manifest.report(
        _NAME,
        Code.DUPLICATE_WORKSPACE,
        f"a second Workspace, {quoted(manifest.get(*_NAME))}",
        related=(("the first is at", first.place(_NAME, Part.VALUE)),),
        help=("choose one with `--workspace NAME`, or give the files of one workspace",),
    )
