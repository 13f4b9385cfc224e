"""Other people's libraries that fetch secrets: asked for when needed, kept quiet, kept in check."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from importlib import import_module
from threading import Thread
from typing import TypeVar

from reconciler.diagnostics import Code
from reconciler.secrets.trouble import Trouble

Value = TypeVar("Value")


def needs(module: str, store: str, extra: str) -> None:
    """Import the library for a store. Raises Trouble that says how to install it."""
    try:
        import_module(module)
    except ImportError:
        missing = True
    else:
        missing = False
    if missing:
        raise Trouble(
            Code.SECRET_UNREACHABLE,
            f"can't be read: support for {store} is not installed",
            f"install it: pip install 'reconciler[{extra}]'",
            everywhere=True,
        )


def hush(*names: str) -> None:
    """Keep libraries from logging, on every level: they log requests, and answers with secrets."""
    for name in names:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


LEFT_BEHIND = "secrets-exchange"
"""The name of a thread whose library may never come back."""


def within(seconds: float, call: Callable[[], Value]) -> Value:
    """What `call` returns or raises. Raises Trouble when that takes longer than so many seconds.

    Libraries bound each wait for a byte, not how often they wait. What takes too long is left
    behind: a daemon, which can't keep the process from ending.
    """
    future: Future[Value] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            future.set_exception(error)

    Thread(target=run, name=LEFT_BEHIND, daemon=True).start()
    try:
        return future.result(timeout=seconds)
    except TimeoutError:
        if future.done():  # its own failure
            raise
    raise Trouble(
        Code.SECRET_UNREACHABLE,
        f"can't be read: there was no complete answer within {seconds:g} s",
        "check the network, the proxy, and the address of the store",
        unknown=True,
        everywhere=True,
    )


def checked(call: Callable[[], Value], judge: Callable[[Exception], Trouble | None]) -> Value:
    """What `call` returns. Raises the Trouble that `judge` makes of what it raises.

    No exception of the library gets out, not as a context either: they quote what was sent and
    answered.
    """
    try:
        return call()
    except Trouble as raised:
        trouble = raised
    except Exception as error:  # noqa: BLE001 - a library may raise anything
        trouble = judge(error) or Trouble(
            Code.SECRET_UNREACHABLE,
            f"can't be read: its library failed unexpectedly ({type(error).__name__})",
            "check the settings of the library in the environment",
        )
    raise trouble
