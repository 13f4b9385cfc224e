"""`--report FORMAT=PATH`: what a command did, for pull requests, code scanning and test reports.

A report is written however the command ends, so that the place where it is shown never tells of an
earlier run.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from reconciler.cli.console import Console, failure_document, why_nothing_works
from reconciler.cli.streams import OutputLost
from reconciler.diagnostics import Diagnostics

if TYPE_CHECKING:
    from reconciler.views import Ending, Review
    from reconciler.workflows import Stop

_STDOUT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """The reports that were asked for: format and path, None for stdout; `link` is the address
    of the full report."""

    asked: tuple[tuple[str, Path | None], ...] = ()
    link: str = ""

    @property
    def to_stdout(self) -> bool:
        """Whether stdout is taken, so that nothing else may be printed there."""
        return any(path is None for _, path in self.asked)

    @property
    def documented(self) -> bool:
        """Whether any of them tells the JSON document of what is reported."""
        if not self.asked:
            return False
        from reconciler.views.formats import DOCUMENTED

        return any(name in DOCUMENTED for name, _ in self.asked)

    @contextmanager
    def covering(self, console: Console, noun: str) -> Iterator[None]:
        """Write the reports when the command ends early, too; `noun` is what there isn't then.

        Raises Stop, also when a report can't be written, which is found out before anything is
        done.
        """
        if not self.asked:
            yield
            return
        for _, path in self.asked:
            self._empty(path)
        from reconciler.workflows import Exit, Stop

        try:
            yield
        except Stop as stop:
            self._tell(stop, console, noun)
            raise
        except click.ClickException as error:
            self._tell(Stop(Exit.USAGE, error.format_message()), console, noun)
            raise
        except (click.Abort, KeyboardInterrupt):
            self._tell(Stop(Exit.INTERRUPTED, "interrupted"), console, noun)
            raise
        except OutputLost as lost:
            self._tell(Stop(Exit.FAILED, f"stdout can't be written: {lost.why}"), console, noun)
            raise
        except Exception as error:
            # A bug of ours: nobody knows what its text holds.
            why = why_nothing_works(error) or ("this is a bug in reconciler",)
            self._tell(Stop(Exit.FAILED, why[0], help=tuple(why[1:])), console, noun)
            raise

    def write(self, console: Console, make: "Callable[[], Review]") -> None:
        """Write the reports of what `make` gives; it isn't called when none was asked for.

        Raises Stop when one can't be written.
        """
        if self.asked:
            from reconciler.views.formats import REVIEW_FORMATS

            review = make()
            for name, path in self.asked:
                self._put(console, path, REVIEW_FORMATS[name](review, self.link))

    def write_ending(self, console: Console, make: "Callable[[], Ending]") -> None:
        """The same for the end of an apply, which stays what it was: a report that can't be
        written is told, and is no failure of it."""
        if self.asked:
            from reconciler.views.formats import ENDING_FORMATS
            from reconciler.workflows import Stop

            ending = make()
            for name, path in self.asked:
                try:
                    self._put(console, path, ENDING_FORMATS[name](ending, self.link))
                except Stop as stop:
                    console.error(stop.message)

    def tell_of(
        self,
        console: Console,
        noun: str,
        message: str,
        found: Diagnostics | None = None,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        """Write the reports of a command that came to nothing, and why; `document` is the JSON of
        that, a failure's unless it is given."""
        if self.asked:
            from reconciler.workflows import Exit, Stop

            self._tell(Stop(Exit.FAILED, message, diagnostics=found), console, noun, document)

    def _tell(
        self,
        stop: "Stop",
        console: Console,
        noun: str,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        from reconciler.workflows import Stop, holder_json, review_stopped

        told = document or failure_document(
            int(stop.code),
            stop.message,
            notes=stop.notes,
            help_=stop.help,
            diagnostics=stop.diagnostics,
            moved=stop.moved,
            holder=None if stop.holder is None else holder_json(stop.holder),
        )
        try:
            self.write(console, lambda: review_stopped(noun, stop, told))
        except Stop as second:
            console.error(second.message)  # what stopped the command matters more

    def _empty(self, path: Path | None) -> None:
        if path is not None:
            from reconciler.workflows.outputs import is_special, write_output

            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                if not is_special(path):
                    write_output(path, b"")
            except OSError as error:
                self._unwritable(path, error)

    def _put(self, console: Console, path: Path | None, pieces: Iterable[str]) -> None:
        # Names of files may hold bytes that are no UTF-8.
        data = (console.withheld(piece).encode("utf-8", "replace") for piece in pieces)
        if path is None:
            console.exactly(b"".join(data).decode())
            return
        from reconciler.workflows.outputs import write_output

        try:
            write_output(path, *data)  # as one it would take twice the memory
        except OSError as error:
            self._unwritable(path, error)

    @staticmethod
    def _unwritable(path: Path, error: OSError) -> NoReturn:
        from reconciler.workflows import Exit, Stop

        why = error.strerror or str(error)
        raise Stop(Exit.FAILED, f"the report can't be written to {path}: {why}") from error


def report_options(function: Callable[..., int]) -> Callable[..., int]:
    """The options `--report` and `--report-link`, gathered into `reports`."""

    @click.option(
        "--report",
        "reports",
        multiple=True,
        metavar="FORMAT=PATH",
        help="Write a report: markdown, summary, annotations, html, sarif, junit, json; "
        "repeatable. "
        "Without a path, or with `-`, to stdout.",
    )
    @click.option(
        "--report-link",
        metavar="URL",
        default="",
        help="Where the full report is, for those that have to be short.",
    )
    @wraps(function)
    def gathered(
        *args: object,
        reports: tuple[str, ...],
        report_link: str,
        output: str,
        **kwargs: object,
    ) -> int:
        asked = _asked(reports)
        found = Reports(asked=asked, link=_link(report_link))
        if found.to_stdout and output == "json":
            raise click.UsageError("--output json and a report can't both go to stdout")
        return function(*args, reports=found, output=output, **kwargs)

    return gathered


def _asked(texts: tuple[str, ...]) -> tuple[tuple[str, Path | None], ...]:
    if not texts:
        return ()
    from reconciler.views.formats import REVIEW_FORMATS

    asked: list[tuple[str, Path | None]] = []
    for text in texts:
        name, _, path = text.partition("=")
        if name not in REVIEW_FORMATS:
            raise click.BadParameter(
                f"`{name}` is no format: expected one of {', '.join(REVIEW_FORMATS)}",
                param_hint="--report",
            )
        asked.append((name, None if path in ("", _STDOUT) else Path(path)))
    places = [place for _, place in asked]
    for place in places:
        if places.count(place) > 1:
            where = "stdout" if place is None else str(place)
            raise click.BadParameter(f"two reports can't both go to {where}", param_hint="--report")
    return tuple(asked)


def _link(url: str) -> str:
    if not url:
        return ""
    from reconciler.views.markdown import LONGEST_LINK

    if not url.startswith(("https://", "http://")) or len(url) > LONGEST_LINK:
        raise click.BadParameter(
            f"expected an http(s) address of at most {LONGEST_LINK} characters",
            param_hint="--report-link",
        )
    return url
