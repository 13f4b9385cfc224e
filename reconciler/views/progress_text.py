"""How far a run is, in lines: what runs, what waits for what, what is left. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from reconciler.diagnostics import PLAIN, Palette, count, printable

_MOST_RUNNING = 8
_MOST_WAITING = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningView:
    """A change under way: its operation, and the seconds since it began."""

    address: str
    operation: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressView:
    """A run at one moment.

    `waiting` has, by address, what each change still waits for: others, or nothing but its turn.
    `pause` is a wait that is under way, in words.
    """

    running: tuple[RunningView, ...] = ()
    waiting: tuple[tuple[str, tuple[str, ...]], ...] = ()
    done: int = 0
    failed: int = 0
    pause: str = ""


def progress_lines(view: ProgressView, palette: Palette = PLAIN) -> list[str]:
    """The run on a terminal, the numbers first; whoever prints it cuts the lines to the width."""
    lines = [_numbers(view, palette)]
    lines += (f"  {_running(each, palette)}" for each in view.running[:_MOST_RUNNING])
    lines += _rest(len(view.running) - _MOST_RUNNING, "running", palette)
    blocked = [(address, needs) for address, needs in view.waiting if needs]
    for address, needs in blocked[:_MOST_WAITING]:
        lines.append(palette.dim(f"  {address} waits for {_needs(needs)}"))
    lines += _rest(len(view.waiting) - min(len(blocked), _MOST_WAITING), "waiting", palette)
    if view.pause:
        lines.append(palette.warning(f"  {printable(view.pause)}"))
    return lines


def heartbeat_line(view: ProgressView) -> str:
    """The run in one line, for logs in which nothing was said for a while."""
    running = ", ".join(
        f"{each.address} ({_operation(each)}{each.seconds:.0f} s)"
        for each in view.running[:_MOST_RUNNING]
    )
    more = len(view.running) - _MOST_RUNNING
    told = f"still running: {running}" + (f" and {more} more" if more > 0 else "")
    waiting = f"; {count(len(view.waiting), 'change')} waiting" if view.waiting else ""
    return told + waiting + (f"; {printable(view.pause)}" if view.pause else "")


def _numbers(view: ProgressView, palette: Palette) -> str:
    parts = [
        palette.bold(f"{len(view.running)} running"),
        f"{len(view.waiting)} waiting",
        palette.added(f"{view.done} done"),
    ]
    if view.failed:
        parts.append(palette.error(f"{view.failed} failed"))
    return ", ".join(parts)


def _running(each: RunningView, palette: Palette) -> str:
    # The time comes before the words, so that a narrow screen cuts the words.
    seconds = palette.dim(f"{each.seconds:3.0f} s")
    return f"{seconds} {each.address}" + (
        f": {printable(each.operation)}" if each.operation else ""
    )


def _operation(each: RunningView) -> str:
    return f"{printable(each.operation)}, " if each.operation else ""


def _needs(needs: tuple[str, ...]) -> str:
    return needs[0] + (f" and {len(needs) - 1} more" if len(needs) > 1 else "")


def _rest(number: int, what: str, palette: Palette) -> Iterator[str]:
    if number > 0:
        yield palette.dim(f"  … {number} more {what}")
