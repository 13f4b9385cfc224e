"""The entry point: lazy commands, and every failure turned into words and an exit code."""

import gc
import importlib
import os
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TextIO

import click
from click.shell_completion import CompletionItem

from reconciler import __version__
from reconciler.cli.console import Console, why_nothing_works
from reconciler.cli.streams import OutputLost, set_up
from reconciler.diagnostics import printable

COMMANDS: Mapping[str, tuple[str, str]] = {
    "init": ("init", "Write a commented starter: workspace, space, server, CI workflow."),
    "validate": ("validate", "Check the manifests, without any workspace."),
    "plan": ("plan", "Show what apply would do."),
    "show": ("plan", "Show a saved plan."),
    "graph": ("graph", "Draw spaces, servers and scopes, before and after a plan."),
    "apply": ("apply", "Make the workspace match the manifests, or do what a saved plan says."),
    "connect": ("connect", "Finish the sign-ins that servers wait for."),
    "probe": ("probe", "Ask a remote MCP server what it is and needs."),
    "callbacks": ("callbacks", "Print the redirect URIs that OAuth apps must allow."),
    "export": ("export", "Write manifests for what a workspace holds."),
    "adopt": ("adopt", "Own what exists and manifests describe; nothing there is touched."),
    "forget": ("state", "Own something no longer; it stays in the workspace."),
    "state": ("state", "Look at what is owned, or rename it in state."),
    "unlock": ("state", "Take the state from a run that died on another machine."),
    "drift": ("plan", "Show what others changed in the workspace."),
    "destroy": ("apply", "Delete everything that the state owns."),
    "login": ("login", "Sign in, for manifests that name no access token."),
    "logout": ("login", "Forget stored sign-ins."),
    "whoami": ("login", "Show who is signed in, with which role, and until when."),
    "publish": ("publish", "Say on the forge how a command ended: a comment, an issue, outputs."),
    "reviewed": ("reviewed", "Fetch the plan that was reviewed with a merged pull request."),
    "explain": (
        "explain",
        "Explain a diagnostic code, a gate, an exit code, or a manifest's field.",
    ),
    "doctor": ("doctor", "Check what a run needs: manifests, secrets, access, clock, state."),
    "completion": ("completion", "Print the script that completes commands in a shell."),
    "schema": ("schema", "Print or write the JSON Schemas."),
    "sandbox": ("sandbox", "Run a workspace on this machine."),
    "demo": ("demo", "Walk through the whole story against a sandbox, offline."),
}

_USAGE, _BUG, _PARTLY, _INTERRUPTED = 64, 1, 3, 130
_GOOD = (0, 2, 6)
"""Exit codes of commands that ended as they should."""
_SHORTEST = 16
_PUBLIC = frozenset({"--commit", "--client-id"})
"""Options with long identifiers that are no secret."""
_BEFORE_COMMANDS = frozenset({"--debug", "--debug-file", "--no-color", "--quiet", "-q"})


class _Commands(click.Group):
    """Imports a command's module only when the command is run or its help is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"reconciler.cli.{COMMANDS[cmd_name][0]}_command")
        command: click.Command = getattr(module, cmd_name)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found = [
            CompletionItem(name, help=text)
            for name, (_, text) in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        # The group's own would import every command for its help.
        return found + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, message="%(prog)s %(version)s")
@click.option("--no-color", is_flag=True, help="Never colour the output (also: NO_COLOR).")
@click.option(
    "--debug",
    is_flag=True,
    help="Tell of every call, wait, secret reference, state and lock, safe to paste.",
)
@click.option(
    "--debug-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the same to a file that only you can read.",
)
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but results and errors.")
@click.pass_context
def reconciler(
    ctx: click.Context, *, no_color: bool, debug: bool, debug_file: Path | None, quiet: bool
) -> None:
    """MCP servers of a Dust workspace as code: manifests, plan, apply, drift.

    Exit codes: 0 done, or nothing to do; 1 failed; 2 changes pending (with --detailed-exitcode);
    3 partly applied; 4 refused by a guard or a policy; 5 stale plan; 6 applied, consents pending;
    7 state locked; 64 wrong usage; 130 interrupted. `reconciler explain 5` tells more of one.
    """
    console = ctx.ensure_object(Console)
    console.color, console.debug, console.quiet = not no_color, debug, quiet
    if debug or debug_file:
        console.begin_tracing(_opened(debug_file) if debug_file else None)


def _opened(path: Path) -> TextIO:
    from reconciler.cli.tracing import open_private

    try:
        return open_private(path)
    except OSError as error:
        raise click.BadParameter(
            f"`{path}` can't be written: {error.strerror}", param_hint="--debug-file"
        ) from None


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit the process."""
    set_up()
    # Next to nothing of what a run makes is garbage in a circle, and with a plan of 50,000 changes
    # the search for it takes a third of the time.
    gc.set_threshold(100_000, 50, 100)
    console = Console(
        color="--no-color" not in (arguments or sys.argv), debug="--debug" in sys.argv
    )
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "_RECONCILER_COMPLETE" in os.environ:  # a shell asks: in the manners of our own scripts
        importlib.import_module("reconciler.cli.completion_command")
    console.unshown = tuple(_pasted(given))
    try:
        code = _run(given, console)
    except OutputLost as lost:
        code, console.lost = _BUG, lost
    finally:
        # Imported by what begins such work, if anything did.
        unbroken = sys.modules.get("reconciler.providers.unbroken")
        if unbroken is not None:
            unbroken.finish()
    try:
        sys.stdout.flush()
    except OutputLost as lost:
        console.lost = lost
    if console.lost is not None:
        code = _unheard(code, console.lost, console)
    sys.stderr.flush()
    # Threads that still wait for the network must not keep an interrupted process alive, and
    # nothing is left to clean up: state is flushed before this point.
    os._exit(code)


def _pasted(arguments: Sequence[str]) -> Iterator[str]:
    """What looks like a secret where a name belongs; addresses of the web and paths are none."""
    for before, argument in pairwise(("", *arguments)):
        if before in _PUBLIC or "://" in argument or argument.count("/") > 1:
            continue
        for word in {argument, *re.split("[=/:]", argument)}:
            # Most words are too short, and what knows more takes long to import.
            if len(word) >= _SHORTEST and not word.isalpha() and _may_be_secret(word):
                yield word


def _may_be_secret(word: str) -> bool:
    from reconciler.manifests.credentials import holds_credential, looks_made_up

    return holds_credential(word) or looks_made_up(word)


def _run(arguments: list[str], console: Console) -> int:
    # Before anything is parsed, so that whatever ends the command is told as data, too.
    console.json = "--output=json" in arguments or ("--output", "json") in pairwise(arguments)
    try:
        code = reconciler.main(
            arguments, prog_name="reconciler", standalone_mode=False, obj=console
        )
    except click.exceptions.NoArgsIsHelpError as error:
        error.show()
        return _USAGE
    except click.UsageError as error:
        return _misused(error, console)
    except (click.Abort, KeyboardInterrupt):
        console.talk("")  # the terminal's line has `^C` on it
        console.failure(_INTERRUPTED, "interrupted")
        return _INTERRUPTED
    except click.ClickException as error:
        return _misused(error, console)
    except OutputLost:
        raise
    except Exception as error:  # noqa: BLE001 - the last resort: a bug of ours, in words
        return _explain(error, console)
    return code if isinstance(code, int) else 0


def _unheard(code: int, lost: OutputLost, console: Console) -> int:
    """The exit code of a command whose output was lost: what was done decides."""
    if console.made or not lost.unread:
        what = (
            "what was done can't be printed on stdout"
            if console.made
            else "stdout can't be written"
        )
        console.error(f"{what}: {lost.why}")
    if console.made:
        return _PARTLY if code in _GOOD else code
    return _BUG if code in _GOOD else code


def _misused(error: click.ClickException, console: Console) -> int:
    """Say so as click does; as data too when JSON is asked for."""
    if isinstance(error, click.UsageError) and error.ctx is not None:
        console.talk(error.ctx.get_usage())
        console.talk(f"Try '{error.ctx.command_path} --help' for help.\n")
    console.talk(f"Error: {printable(error.format_message())}")
    if isinstance(error, click.NoSuchOption) and error.option_name in _BEFORE_COMMANDS:
        console.talk(
            f"  = help: it goes before the command: `reconciler {error.option_name} COMMAND …`"
        )
    if console.json:
        console.failure_value(_USAGE, error.format_message())
    return _USAGE


def _explain(error: Exception, console: Console) -> int:
    # Nothing that can raise Stop runs without this module; importing it for a bug could fail too.
    failures = sys.modules.get("reconciler.workflows.failures")
    if failures is None or not isinstance(error, failures.Stop):
        reason = why_nothing_works(error)
        if reason is None:
            _bug(error, console)
        else:
            console.failure(_BUG, reason[0], help_=reason[1:])
        return _BUG
    from reconciler.workflows import holder_json

    console.failure(
        int(error.code),
        error.message,
        notes=error.notes,
        help_=error.help,
        diagnostics=error.diagnostics,
        moved=error.moved,
        holder=None if error.holder is None else holder_json(error.holder),
    )
    return int(error.code)


def _bug(error: Exception, console: Console) -> None:
    """Say that it is our fault, without the exception's text: nobody knows what is in it."""
    console.failure(
        _BUG,
        f"this is a bug in reconciler {__version__} ({type(error).__name__})",
        help_=("please report it; with --debug the places in our code are printed, safe to paste",),
    )
    if console.trace is not None:
        for frame in traceback.extract_tb(error.__traceback__):
            console.traced(f"{frame.filename}:{frame.lineno} {frame.name}")
