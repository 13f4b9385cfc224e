"""Who is signed in, as text and JSON."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reconciler.diagnostics import Palette, printable

_ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceView:
    """A workspace of a person; `wanted` when the manifests are about it."""

    id: str
    name: str
    role: str
    wanted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityView:
    """One person at one address of the API.

    `source` says where the access token comes from; `ends` when it ends, as ISO 8601, if it says
    so; `renewed` whether it is renewed without the person. With a `problem` the rest is what was
    known before.
    """

    url: str
    email: str
    name: str = ""
    region: str | None = None
    source: str
    ends: str | None = None
    renewed: bool = False
    workspaces: tuple[WorkspaceView, ...] = ()
    problem: str = ""
    help: tuple[str, ...] = ()


def identities_text(identities: Sequence[IdentityView], palette: Palette) -> str:
    """Everybody, one block each."""
    return "\n\n".join("\n".join(_block(each, palette)) for each in identities) + "\n"


def identities_json(identities: Sequence[IdentityView]) -> dict[str, Any]:
    """Everybody as a JSON value (`schemas/identities.schema.json`)."""
    return {
        "format": "reconciler.identities/v1",
        "identities": [
            {
                "url": each.url,
                "region": each.region,
                "email": each.email or None,
                "name": each.name or None,
                "source": each.source,
                "expiresAt": each.ends,
                "renewed": each.renewed,
                "workspaces": [
                    {
                        "id": place.id,
                        "name": place.name,
                        "role": place.role,
                        "manages": place.role == _ADMIN,
                    }
                    for place in each.workspaces
                ],
                "problem": {"message": each.problem, "help": list(each.help)}
                if each.problem
                else None,
            }
            for each in identities
        ],
    }


def _block(identity: IdentityView, palette: Palette) -> Iterator[str]:
    who = f"{identity.email} ({identity.name})" if identity.name else identity.email
    yield f"{palette.bold(printable(who or 'unknown'))} at {printable(identity.url)}"
    if identity.problem:
        yield f"  {palette.error('can not be used')}: {printable(identity.problem)}"
    if identity.region:
        yield f"  region: {printable(identity.region)}"
    yield f"  access token: {printable(identity.source)}{_lifetime(identity)}"
    for place in identity.workspaces:
        yield _workspace(place, palette)
    if not identity.workspaces and not identity.problem:
        yield f"  {palette.warning('no workspace')}: this person is a member of none here"
    for text in identity.help:
        yield f"  {palette.dim('=')} help: {printable(text)}"


def _lifetime(identity: IdentityView) -> str:
    if identity.ends is None:
        return ""
    how = "renewed by itself" if identity.renewed else "not renewed"
    return f", ends {identity.ends}, {how}"


def _workspace(place: WorkspaceView, palette: Palette) -> str:
    line = f"  workspace {printable(place.name)} ({printable(place.id)}): {printable(place.role)}"
    if place.role != _ADMIN:
        why = "not an administrator, so spaces and MCP servers can't be managed"
        line += f" - {palette.warning(why)}"
    return line + (" - the workspace of the manifests" if place.wanted else "")
