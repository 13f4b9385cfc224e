"""Options that several commands share, and what they come to."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

import click

from reconciler.cli.console import Console

if TYPE_CHECKING:
    from reconciler.providers import Call
    from reconciler.workflows import Context, Options

files_option = click.option(
    "-f",
    "--file",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A manifest or a folder of manifests; repeatable. Default: the current folder.",
)

workspace_option = click.option(
    "--workspace", "workspace", metavar="NAME", help="Which Workspace, when there are several."
)

output_option = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How results are printed.",
)


GATES = (
    "max-deletes",
    "suspicious-read",
    "open-space",
    "company-wide",
    "shared-credentials",
    "bearer-in-open-space",
    "wider-scopes",
    "lower-stake",
    "enable-high-stake",
    "remove-self",
    "min-admins",
)
"""The gates that may be overridden. Written out, since reading them from the models takes time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFlags:
    """What `run_options` gathered."""

    timeout: float
    parallelism: int
    allow: frozenset[str]

    def allowing(self, gates: frozenset[str]) -> "RunFlags":
        """The same, with the gates that a saved plan was made with."""
        return replace(self, allow=self.allow | gates)


def run_options(function: Callable[..., int]) -> Callable[..., int]:
    """The options of every command that talks to a workspace, gathered into `flags`."""

    @click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        default=30.0,
        show_default=True,
        help="Seconds that one HTTP exchange may take.",
    )
    @click.option(
        "--parallelism",
        type=click.IntRange(1, 64),
        default=4,
        show_default=True,
        help="How many calls at a time.",
    )
    @click.option(
        "--allow",
        multiple=True,
        metavar="GATE",
        type=click.Choice(GATES),
        help="Override one guard by its name, for this run.",
    )
    @wraps(function)
    def gathered(
        *args: object, timeout: float, parallelism: int, allow: tuple[str, ...], **kwargs: object
    ) -> int:
        flags = RunFlags(timeout=timeout, parallelism=parallelism, allow=frozenset(allow))
        return function(*args, flags=flags, **kwargs)

    return gathered


def paths_of(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files that were named, or the current folder."""
    return files or (Path(),)


def run_with(console: Console, flags: RunFlags) -> "Options":
    """The options of a run, with its talk and its tracing on this console."""
    from reconciler.workflows import Options

    return Options(
        parallelism=flags.parallelism,
        timeout=flags.timeout,
        allow=flags.allow,
        say=console.step,
        observe=_tracer(console) if console.debug else lambda _call: None,
    )


def read_context(
    console: Console, files: tuple[Path, ...], workspace: str | None, flags: RunFlags
) -> "Context":
    """Read the manifests, show their warnings, and open the rest; raises Stop."""
    # Said before the imports, which take longer than a user should wait for a first sign of life.
    console.step("reading manifests")
    from reconciler.workflows import load_manifests, open_context

    loaded = load_manifests(paths_of(files), workspace)
    if loaded.diagnostics.items and not console.json:
        console.diagnostics(loaded.diagnostics)
    assert loaded.desired is not None
    return open_context(loaded.desired, loaded.locator, run_with(console, flags))


def _tracer(console: Console) -> "Callable[[Call], None]":
    def trace(call: "Call") -> None:
        status = call.status if call.status is not None else "no answer"
        again = f" (attempt {call.attempt})" if call.attempt > 1 else ""
        console.talk(f"  {call.method} {call.path} → {status}, {call.milliseconds:.0f} ms{again}")

    return trace


@contextmanager
def graceful_stop(console: Console, stop: Event) -> Iterator[None]:
    """While writing: the first Ctrl-C lets running operations end, the second abandons them.

    Raises Stop when they are abandoned.
    """
    from reconciler.workflows import Exit, Stop

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        console.talk(
            "\nstopping: running operations end first, nothing new is started "
            "(Ctrl-C again to abandon them)"
        )

    kinds = (signal.SIGINT, signal.SIGTERM)
    before = {kind: signal.signal(kind, interrupt) for kind in kinds}
    try:
        yield
    except KeyboardInterrupt:
        raise Stop(
            Exit.INTERRUPTED,
            "interrupted; what was under way is abandoned, and may have happened or not",
            help=("apply again: it looks first what happened, and makes no duplicate",),
        ) from None
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
