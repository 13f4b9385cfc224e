"""Somebody at the keyboard who signs in with a browser, and may paste where it landed."""

import sys
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Event, Thread

from reconciler.cli.browser import open_page
from reconciler.cli.console import Console
from reconciler.diagnostics import printable
from reconciler.execution import Step
from reconciler.providers import OutcomeUnknown
from reconciler.resources import Change
from reconciler.state import Consent

_POLL_SECONDS = 4.0
_GLANCE_SECONDS = 0.2


class AtTheKeyboard:
    """Shows each sign-in, opens it, and waits: the platform is asked now and then whether it is
    finished, and a pasted address finishes it at once.

    Parameters: `browser` whether to open one, `deadline` the seconds to wait for one sign-in.
    """

    def __init__(self, console: Console, stop: Event, *, browser: bool, deadline: float) -> None:
        self._console = console
        self._stop = stop
        self._browser = browser
        self._deadline = deadline
        self._ends: dict[str, float] = {}
        self._handed: set[str] = set()
        self._told: set[tuple[str, str]] = set()
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._listening = False

    def asked(
        self,
        change: Change,
        consent: Consent,
        *,
        fresh: bool,
        trouble: str,
        finish: Callable[[str], None],
    ) -> Step:
        """Wait for a while. Raises ProviderError when a pasted address doesn't finish it."""
        if consent.connection not in self._ends:
            if not fresh:
                return Step.AGAIN  # begun by an earlier run, whose session is over
            self._begin(change, consent)
        if trouble and consent.connection in self._handed:
            self._say_once(consent, trouble)
        line = self._wait(min(time.monotonic() + _POLL_SECONDS, self._ends[consent.connection]))
        if self._stop.is_set():
            return Step.LEAVE
        if line is not None:
            try:
                finish(line)
            except OutcomeUnknown as error:
                # The next look tells whether it happened.
                self._console.talk(f"  {printable(error.message)}")
                self._console.talk("  still waiting: open the address again if nothing follows")
            else:
                self._handed.add(consent.connection)
                self._console.talk("  the platform has the sign-in")
            return Step.RETRY
        if time.monotonic() >= self._ends[consent.connection]:
            self._give_up(change, consent)
            return Step.LEAVE
        return Step.RETRY

    def _say_once(self, consent: Consent, trouble: str) -> None:
        if (consent.connection, trouble) not in self._told:
            self._told.add((consent.connection, trouble))
            self._console.talk(f"  not usable yet: {printable(trouble)}")
            self._console.talk("  trying again and again: is its authorization server up?")

    def _give_up(self, change: Change, consent: Consent) -> None:
        seconds = f"{self._deadline:g} s"
        if consent.connection in self._handed:
            self._console.talk(f"the sign-in to {change.address} was of no use for {seconds}")
        else:
            self._console.talk(f"nobody signed in to {change.address} in {seconds}")

    def _begin(self, change: Change, consent: Consent) -> None:
        self._ends[consent.connection] = time.monotonic() + self._deadline
        talk = self._console.talk
        talk(f"sign in to {change.address} as {printable(consent.who)}:")
        self._console.show(f"  {printable(consent.url)}")
        if consent.scopes:
            talk(f"  it asks for: {printable(' '.join(consent.scopes))}")
        if self._browser and not open_page(consent.url):
            talk("  no browser could be opened: open the address yourself")
        talk("  if the page says that it can't finish, paste its address here")
        if not self._listening:
            self._listening = True
            Thread(target=self._listen, name="keyboard", daemon=True).start()

    def _listen(self) -> None:
        for line in sys.stdin:
            if line.strip():
                self._lines.put(line.strip())

    def _wait(self, until: float) -> str | None:
        while not self._stop.is_set() and (left := until - time.monotonic()) > 0:
            try:
                return self._lines.get(timeout=min(left, _GLANCE_SECONDS))
            except Empty:
                continue
        return None
