"""A guide as steps: files to write, commands to run, output to see, links to follow.

What a reader doesn't see are comments: `<!-- exit: 4 -->` before a block of commands says how its
last one ends, `<!-- not run: why -->` that it is only read, `<!-- do: deed words -->` has something
done to the workspace that the text tells of, and `<!-- same as: path -->` says that a file is one
of the project's own.
"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
GUIDES = ROOT / ".github" / "guides"

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.DOTALL | re.MULTILINE)
_COMMENT = re.compile(r"<!-- (exit|not run|same as|do): (.+?) -->")
_FILE = re.compile(r"# ([\w./-]+\.ya?ml)\n")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_CODE = re.compile(r"`[^`\n]*`")


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where it stands (a line, from 1)."""

    line: int


@dataclass(frozen=True, kw_only=True)
class File(Step):
    """A block whose first line is a comment with a path; `same` is the project's own of it."""

    path: str
    text: str
    same: str | None


@dataclass(frozen=True, kw_only=True)
class Commands(Step):
    """A block of commands; the last one ends with `code`. `why_not` says why it is not run."""

    lines: tuple[str, ...]
    code: int
    why_not: str | None


@dataclass(frozen=True, kw_only=True)
class Output(Step):
    """Lines that the block before prints; `…` stands for anything."""

    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Deed(Step):
    """Something that somebody else does meanwhile."""

    words: tuple[str, ...]


def steps(text: str) -> Iterator[Step]:
    """What a guide has somebody do, in order. Raises ValueError for a block that means nothing."""
    notes: dict[str, str] = {}
    found = [*_FENCE.finditer(text), *_COMMENT.finditer(text)]
    for match in sorted(found, key=lambda each: each.start()):
        line = text.count("\n", 0, match.start()) + 1
        if match.re is _COMMENT:
            if match[1] == "do":
                yield Deed(line=line, words=tuple(match[2].split()))
            else:
                notes[match[1]] = match[2]
            continue
        yield from _block(line, match[2], textwrap.dedent(match[3]), notes)
        notes = {}


def _block(line: int, language: str, body: str, notes: dict[str, str]) -> Iterator[Step]:
    match language:
        case "yaml":
            named = _FILE.match(body)
            if named:
                yield File(
                    line=line,
                    path=named[1],
                    text=body[named.end() :],
                    same=notes.get("same as"),
                )
            elif "kind:" in body and "not run" not in notes:
                raise ValueError(f"line {line}: the manifest doesn't say in which file it stands")
        case "console":
            joined = re.sub(r"\\\n\s*", "", body)
            yield Commands(
                line=line,
                lines=tuple(each for each in joined.splitlines() if each.strip()),
                code=int(notes.get("exit", "0")),
                why_not=notes.get("not run"),
            )
        case "text":
            yield Output(line=line, lines=tuple(filter(str.strip, body.splitlines())))
        case "":
            raise ValueError(f"line {line}: the block has no language")


def links(text: str) -> list[str]:
    """The targets of all links outside code."""
    return _LINK.findall(_CODE.sub("", _FENCE.sub("", text)))


def anchors(text: str) -> set[str]:
    """The names by which a page's headings are linked to, as GitHub makes them."""
    plain = _FENCE.sub("", text)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower().replace("`", "")).strip().replace(" ", "-")
        for heading in _HEADING.findall(plain)
    }
