"""Options that several commands share, and what they come to."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.completing import known_addresses, workspaces
from reconciler.cli.console import Console

if TYPE_CHECKING:
    from datetime import timedelta

    from reconciler.planning import Scope
    from reconciler.resources import Address
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
    "--workspace",
    "workspace",
    metavar="NAME",
    shell_complete=workspaces,
    help="Which Workspace, when there are several.",
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


class _Gate(click.Choice[str]):
    """The name of a gate, or `policy:` and the name of a rule."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if isinstance(value, str) and value.startswith("policy:") and value != "policy:":
            return value
        return super().convert(value, param, ctx)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFlags:
    """What `run_options` gathered."""

    timeout: float
    parallelism: int
    allow: frozenset[str]
    targets: frozenset[str] = frozenset()
    excludes: frozenset[str] = frozenset()
    lock_timeout: "timedelta | None" = None

    @property
    def scope(self) -> "Scope":
        """The part that was asked for."""
        from reconciler.planning import Scope

        return Scope(
            targets=frozenset(_address(text, "--target") for text in self.targets),
            excludes=frozenset(_address(text, "--exclude") for text in self.excludes),
        )

    def within(self, targets: tuple[str, ...], excludes: tuple[str, ...]) -> "RunFlags":
        """The same, for a part of everything."""
        return replace(self, targets=frozenset(targets), excludes=frozenset(excludes))

    def waiting(self, lock_timeout: "timedelta | None") -> "RunFlags":
        """The same, for a state that may be locked for so long."""
        return replace(self, lock_timeout=lock_timeout)

    def allowing(self, gates: frozenset[str]) -> "RunFlags":
        """The same, with the gates that a saved plan was made with."""
        return replace(self, allow=self.allow | gates)


def run_options(function: Callable[..., int]) -> Callable[..., int]:
    """The options of every command that talks to a workspace, gathered into `flags`."""

    @click.option(
        "--timeout",
        type=click.FloatRange(min=0.1),
        metavar="SECONDS",
        default=30,
        show_default=True,
        help="How long one HTTP exchange may take.",
    )
    @click.option(
        "--parallelism",
        type=click.IntRange(1, 64),
        metavar="NUMBER",
        default=4,
        show_default=True,
        help="How many calls at a time, 64 at most.",
    )
    @click.option(
        "--allow",
        multiple=True,
        metavar="GATE",
        type=_Gate(GATES),
        help="Override one guard by its name, or one overridable rule as `policy:NAME`, for this "
        "run; repeatable. `reconciler explain` lists the gates.",
    )
    @wraps(function)
    def gathered(
        *args: object, timeout: float, parallelism: int, allow: tuple[str, ...], **kwargs: object
    ) -> int:
        flags = RunFlags(timeout=timeout, parallelism=parallelism, allow=frozenset(allow))
        return function(*args, flags=flags, **kwargs)

    return gathered


def scope_options(function: Callable[..., int]) -> Callable[..., int]:
    """The options that ask for a part of everything, added to `flags`; under `run_options`."""

    @click.option(
        "--target",
        "targets",
        multiple=True,
        metavar="ADDRESS",
        shell_complete=known_addresses,
        help="Only this resource (Kind/name), with all that it needs; repeatable.",
    )
    @click.option(
        "--exclude",
        "excludes",
        multiple=True,
        metavar="ADDRESS",
        shell_complete=known_addresses,
        help="Not this resource (Kind/name), nor what needs it; repeatable.",
    )
    @wraps(function)
    def scoped(
        *args: object,
        flags: RunFlags,
        targets: tuple[str, ...],
        excludes: tuple[str, ...],
        **kwargs: object,
    ) -> int:
        return function(*args, flags=flags.within(targets, excludes), **kwargs)

    return scoped


def _wait_of(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> "timedelta | None":
    if value is None:
        return None
    from reconciler.workflows import LONGEST_WAIT, parse_duration

    try:
        return parse_duration(value, longest=LONGEST_WAIT)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


lock_option = click.option(
    "--lock-timeout",
    metavar="DURATION",
    callback=_wait_of,
    help="How long to wait while another run has the state: 90s, 10m, 1h; at most a day.  "
    "[default: not at all]",
)


def lifetime_of(
    _context: click.Context, _parameter: click.Parameter, value: str | None
) -> "timedelta | None":
    """The duration that an option says; raises BadParameter."""
    if value is None:
        return None
    from reconciler.workflows import parse_duration

    try:
        return parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


def _address(text: str, option: str) -> "Address":
    from reconciler.resources import Address

    try:
        return Address.parse(text)
    except ValueError:
        raise click.BadParameter(
            f"`{text}` is no address: expected Kind/name, such as MCPServer/github",
            param_hint=option,
        ) from None


def paths_of(files: tuple[Path, ...]) -> tuple[Path, ...]:
    """The files that were named, or the current folder."""
    return files or (Path(),)


def run_with(console: Console, flags: RunFlags) -> "Options":
    """The options of a run, with its talk and its tracing on this console."""
    from datetime import timedelta

    from reconciler.workflows import Options

    return Options(
        lock_timeout=flags.lock_timeout or timedelta(),
        parallelism=flags.parallelism,
        timeout=flags.timeout,
        allow=flags.allow,
        scope=flags.scope,
        say=console.step,
        observe=console.trace.call if console.trace else lambda _call: None,
        paused=console.paused,
        trace=console.traced,
        at_end=click.get_current_context().call_on_close,
    )


def read_context(
    console: Console, files: tuple[Path, ...], workspace: str | None, flags: RunFlags
) -> "Context":
    """Read the manifests, show their warnings, and open the rest; raises Stop."""
    # Said before the imports, which take longer than a user should wait for a first sign of life.
    console.step("reading manifests")
    from reconciler.workflows import check_allowed, load_manifests, open_context, trust_for

    loaded = load_manifests(paths_of(files), workspace)
    if loaded.diagnostics.items and not console.json:
        console.diagnostics(loaded.diagnostics)
    assert loaded.desired is not None
    check_allowed(loaded.desired, flags.allow)
    options = run_with(console, flags)
    trust = trust_for(loaded.desired, loaded.locator, paths_of(files), options.environ)
    return open_context(loaded.desired, loaded.locator, options, trust=trust)


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

    # Windows sends SIGBREAK for Ctrl-Break, and when the console is closed.
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    kinds = [getattr(signal, name) for name in names if hasattr(signal, name)]
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
