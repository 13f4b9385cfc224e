"""A check-up: what was looked at, how it is, and what to do about it. Pure."""

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.diagnostics import PLAIN, Palette, printable

WIDTH = 80


class Health(StrEnum):
    """How something that was looked at is."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


_SIGNS = {Health.OK: "✓", Health.WARNING: "!", Health.FAILED: "✗", Health.SKIPPED: "-"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One check: `name` is stable, `message` says how it is, `help` what to do, a line each."""

    name: str
    health: Health
    message: str
    help: tuple[str, ...] = ()


def checkup_text(checks: Sequence[Checked], palette: Palette = PLAIN, width: int = WIDTH) -> str:
    """All checks, a line each and what to do below; the verdict last. `width` in columns."""
    names = max((len(check.name) for check in checks), default=0)
    lines: list[str] = []
    for check in checks:
        lines += _lines(check, palette, width, names)
    return "\n".join([*lines, "", _verdict(checks, palette)]) + "\n"


def checkup_json(checks: Iterable[Checked]) -> dict[str, Any]:
    """The same as a JSON value (`schemas/doctor.schema.json`)."""
    listed = list(checks)
    return {
        "format": "reconciler.doctor/v1",
        "healthy": healthy(listed),
        "checks": [
            {
                "name": check.name,
                "health": check.health.value,
                "message": check.message,
                "help": list(check.help),
            }
            for check in listed
        ],
    }


def healthy(checks: Iterable[Checked]) -> bool:
    """Whether nothing failed; a warning is no failure."""
    return all(check.health is not Health.FAILED for check in checks)


def _lines(check: Checked, palette: Palette, width: int, names: int) -> list[str]:
    paint = {
        Health.OK: palette.added,
        Health.WARNING: palette.warning,
        Health.FAILED: palette.error,
        Health.SKIPPED: palette.dim,
    }[check.health]
    margin = " " * (names + 3)
    first, *rest = _wrapped(check.message, margin, margin, width) or [margin]
    lines = [f"{paint(_SIGNS[check.health])} {check.name:<{names}} {first.strip()}", *rest]
    for text in check.help:
        first, *rest = _wrapped(f"= help: {text}", margin, margin + "  ", width)
        lines += [palette.dim(line) for line in (first, *rest)]
    return lines


def _verdict(checks: Sequence[Checked], palette: Palette) -> str:
    counts = {
        health: sum(check.health is health for check in checks)
        for health in (Health.FAILED, Health.WARNING, Health.SKIPPED)
    }
    told = ", ".join(f"{number} {health}" for health, number in counts.items() if number)
    if counts[Health.FAILED]:
        return f"{palette.error('not ready')}: {told}"
    return palette.added("ready") + (f": {told}" if told else "")


def _wrapped(text: str, first: str, later: str, width: int) -> list[str]:
    return textwrap.wrap(
        printable(text),
        width,
        initial_indent=first,
        subsequent_indent=later,
        break_long_words=False,
        break_on_hyphens=False,
    )
