"""One document as the checks see it: its place, its values, its address, and how to complain."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from reconciler.diagnostics import Code, Severity
from reconciler.manifests.credentials import holds_credential, looks_made_up
from reconciler.manifests.faults import At, Fault, InDocument, Part, Place
from reconciler.resources import KINDS, WORKSPACE_KIND, Address, KindDefinition, WorkspaceManifest

MODELS: dict[str, type[BaseModel]] = {
    WORKSPACE_KIND: WorkspaceManifest,
    **{name: kind.manifest_model for name, kind in KINDS.items()},
}
"""The model of each kind's manifests."""


@dataclass(slots=True, repr=False)
class Manifest:
    """A document with the faults found in it so far.

    `nulls` says whether a null is anywhere in `value`; `suspect` whether a value may look like a
    credential. Both come from reading, so that most manifests needn't be searched.
    """

    file: str
    index: int
    value: Any
    nulls: bool = False
    suspect: bool = True
    fits: bool = False
    workspace: WorkspaceManifest | None = None
    faults: list[Fault] = field(default_factory=list)

    @property
    def kind(self) -> str | None:
        """Its kind, when it is one that exists."""
        kind = self.value.get("kind") if isinstance(self.value, dict) else None
        return kind if isinstance(kind, str) and kind in MODELS else None

    @property
    def definition(self) -> KindDefinition | None:
        """Its kind's definition; None for the workspace, and for no kind."""
        return KINDS.get(self.kind or "")

    @property
    def address(self) -> Address | None:
        """Its address, when kind and name can be told, and the name may be shown; it may still
        break a rule."""
        kind, name = self.kind, self.get("metadata", "name")
        if not kind or not isinstance(name, str) or not name:
            return None
        pasted = self.suspect and holds_credential(name)
        return None if pasted or looks_made_up(name) else Address(kind, name)

    def get(self, *at: str | int) -> Any:
        """The value at a path, or None."""
        value = self.value
        for segment in at:
            if isinstance(value, dict):
                value = value.get(segment)
            elif isinstance(value, list) and isinstance(segment, int) and segment < len(value):
                value = value[segment]
            else:
                return None
        return value

    def mapping(self, *at: str | int) -> dict[str, Any]:
        """The mapping at a path; empty when there is something else."""
        value = self.get(*at)
        return value if isinstance(value, dict) else {}

    def texts(self, *at: str | int) -> Iterator[tuple[At, str]]:
        """The texts of the list at a path, each with its own path."""
        value = self.get(*at)
        if isinstance(value, list):
            for number, item in enumerate(value):
                if isinstance(item, str):
                    yield (*at, number), item

    def place(self, at: At, part: Part = Part.VALUE) -> Place:
        """A place in this document."""
        return InDocument(self.file, self.index, at, part)

    def report(
        self,
        at: At,
        code: Code,
        message: str,
        *,
        part: Part = Part.VALUE,
        label: str = "",
        notes: tuple[str, ...] = (),
        help: tuple[str, ...] = (),  # noqa: A002 - the word of Diagnostic
        hidden: bool = False,
        related: tuple[tuple[str, Place], ...] = (),
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a fault at a path of the document."""
        address = self.address
        self.faults.append(
            Fault(
                code=code,
                message=message,
                place=self.place(at, part),
                label=label,
                notes=notes,
                help=help,
                hidden=hidden,
                related=related,
                severity=severity,
                address=str(address) if address else None,
            )
        )


def is_secret(manifest: Manifest, at: At) -> bool:
    """Whether a secret could be written at a path by mistake, so that its value is never shown."""
    path = tuple(str(segment) for segment in at)
    if manifest.kind == WORKSPACE_KIND:
        return path[:2] in (("spec", "credentials"), ("spec", "state")) and path[2:] != ("path",)
    definition = manifest.definition
    if definition is None:
        return True
    return path[:1] == ("spec",) and any(
        policy.secret and _below(pattern, path[1:]) for pattern, policy in definition.fields.items()
    )


def _below(pattern: tuple[str, ...], path: tuple[str, ...]) -> bool:
    return len(path) >= len(pattern) and all(
        want in ("*", have) for want, have in zip(pattern, path, strict=False)
    )
