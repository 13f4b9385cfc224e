"""Device login from begin to end: show the code, ask at the pace that is told, until it is over."""

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from reconciler.providers.contract import Call
from reconciler.providers.dust.signin.provider_address import LoginProvider
from reconciler.providers.dust.signin.record import Tokens
from reconciler.providers.failures import Forbidden, Unreachable

if TYPE_CHECKING:
    from reconciler.providers.dust.signin.login_client import Grant

_SLOWER = 5.0  # RFC 8628 section 3.5: what slow_down adds to the interval
_SLOWEST = 60.0
_AT_LEAST = 0.2  # seconds between two polls, whatever is told


def device_login(
    provider: LoginProvider,
    *,
    show: "Callable[[Grant], None]",
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
    observe: Callable[[Call], None] = lambda _call: None,
) -> Tokens:
    """Have a person sign in; nothing is kept when it ends early.

    Parameters: `show` tells the person where to go; `clock` and `sleep` are the time;
    `observe` is told of each exchange.

    Raises Forbidden when it is denied, refused, or not approved in time; Unexpected; Unreachable
    when it can't even begin.
    """
    from reconciler.providers.dust.signin.login_client import LoginClient, Wait

    with LoginClient(provider, observe) as client:
        grant = client.begin()
        deadline, interval = clock() + grant.seconds, max(grant.interval, _AT_LEAST)
        show(grant)
        while clock() + interval < deadline:
            sleep(interval)
            try:
                outcome = client.poll(grant)
            except Unreachable:
                # RFC 8628 section 3.5: after a time-out, ask less often.
                interval = min(interval * 2, _SLOWEST)
                continue
            if isinstance(outcome, Tokens):
                return outcome
            if outcome is Wait.SLOWER:
                interval += _SLOWER
        raise Forbidden(
            f"nobody approved the sign-in within {grant.seconds:.0f} s",
            help=("start again: `reconciler login`",),
        )
