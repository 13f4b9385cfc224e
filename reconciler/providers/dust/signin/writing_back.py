"""Put renewed tokens where the used ones are, whatever happened there meanwhile."""

from dataclasses import replace

from reconciler.providers.dust.signin.keepers import Keeper, KeeperTrouble, Overtaken
from reconciler.providers.dust.signin.kept_session import KeptSession, Why
from reconciler.providers.dust.signin.leases import Pace
from reconciler.providers.dust.signin.record import Tokens


def renewed(session: KeptSession, fresh: Tokens) -> KeptSession:
    """The session with its next pair of tokens."""
    return replace(
        session, tokens=fresh, generation=session.generation + 1, renewing=None, ended=None
    )


def waits_for(found: KeptSession | None, used: KeptSession) -> bool:
    """Whether what is kept now still waits for the tokens that were got for the `used` ones.

    Not where somebody signed in anew or out, nor where the tokens are already.
    """
    if found is None or found.sign_in.since != used.sign_in.since:
        return False
    if found.tokens is None:
        # Somebody took us for dead, and was refused.
        return found.ended is not None and found.ended.why is Why.LOST
    return used.tokens is not None and same(found.tokens, used.tokens)


def write_back(
    keeper: Keeper, used: KeptSession, version: int | None, fresh: Tokens, pace: Pace
) -> KeeperTrouble | None:
    """Keep `fresh` tokens in place of the `used` ones, tried hard; what stands in the way at last.

    Parameters: `version` is where the used ones are, None when that has to be looked up.
    """
    found: KeptSession | None = used
    trouble = None
    for pause in (0.0, *pace.again):
        if pause:
            pace.sleep(pause)
        try:
            if version is None:
                found, version = keeper.read()
                if not waits_for(found, used):
                    return None
            assert found is not None, "it waits"
            keeper.write(renewed(found, fresh), version)
        except Overtaken as error:
            trouble, version = KeeperTrouble(error.message, help=error.help), None
        except KeeperTrouble as error:
            trouble, version = error, None
        else:
            return None
    return trouble


def same(one: Tokens, other: Tokens) -> bool:
    """Whether two pairs are one."""
    return one.access.reveal() == other.access.reveal()
