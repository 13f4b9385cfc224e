"""Probes a remote MCP server: connects, lists its tools, and finds out how to sign in."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from reconciler.authorization import Check, Inquiry, Observe, Policy, bearer_challenge, transport
from reconciler.discovery.connecting import REFUSALS, Visit
from reconciler.discovery.findings import Finding, Trial
from reconciler.discovery.judging import judged
from reconciler.discovery.offers import offers
from reconciler.discovery.registering import Attempt, untried, with_trial


def probe(
    url: str,
    *,
    headers: Mapping[str, str],
    allow_private: bool = False,
    timeout: float = 30.0,
    redirect_uris: Sequence[str] = (),
    observe: Observe | None = None,
) -> Finding:
    """What the server at `url` is and needs.

    Parameters: `headers` are sent to the server itself and to nobody else; `allow_private` lets it
    name private addresses; `timeout` seconds for all of it; with `redirect_uris`, a client that
    has them is registered and deleted again where that is offered; else nothing is written
    anywhere. `observe` is told of each exchange.
    """
    asked = _Probe(
        url=url,
        headers=headers,
        policy=Policy.of(url, allow_private=allow_private),
        seconds=timeout,
        redirect_uris=tuple(redirect_uris),
        observe=observe,
    )
    return asyncio.run(asked.run())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Probe:
    url: str
    headers: Mapping[str, str]
    policy: Policy
    seconds: float
    redirect_uris: tuple[str, ...]
    observe: Observe | None

    async def run(self) -> Finding:
        deadline = asyncio.get_running_loop().time() + self.seconds
        guarded = transport(self.policy, self.observe)
        visit = Visit(url=self.url, headers=self.headers, wire=guarded)
        try:
            found = await self._visited(visit, deadline)
            if found.healthy or found.status not in REFUSALS:
                return untried(found) if self.redirect_uris and found.healthy else found
            return await self._asked(found, visit, deadline)
        finally:
            await guarded.aclose()

    async def _visited(self, visit: Visit, deadline: float) -> Finding:
        try:
            async with asyncio.timeout_at(deadline):
                return await visit.connect()
        except TimeoutError:
            if visit.found is not None:
                return visit.found
            words = f"no complete answer in {self.seconds:g} s"
            return Finding(url=self.url, reached=visit.seen.answered, healthy=False, why=words)

    async def _asked(self, found: Finding, visit: Visit, deadline: float) -> Finding:
        """Whom a server trusts that refused."""
        import httpx2

        challenge = bearer_challenge(visit.seen.challenge)
        async with httpx2.AsyncClient(
            transport=visit.wire, timeout=self.seconds, trust_env=False
        ) as client:
            inquiry = Inquiry(client=client, policy=self.policy, url=self.url)
            auth = None
            try:
                async with asyncio.timeout_at(deadline):
                    auth = await inquiry.run(challenge)
            except TimeoutError:
                inquiry.give_up(self.seconds)
            checks = (*inquiry.checks, *(offers(auth, challenge) if auth else ()))
            told = judged(replace(found, checks=checks), auth, challenge, self.headers)
            if not self.redirect_uris:
                return told
            if told.failed or auth is None or not auth.registration:
                return untried(told)
            attempt = Attempt(
                client=client,
                auth=auth,
                redirect_uris=self.redirect_uris,
                deadline=deadline,
                seconds=self.seconds,
            )
            return with_trial(told, *await _to_the_end(attempt))


async def _to_the_end(attempt: Attempt) -> tuple[tuple[Check, ...], Trial | None]:
    """Finish a registration even when the user interrupts: a client must not stay behind."""
    trying = asyncio.create_task(attempt.run())
    try:
        return await asyncio.shield(trying)
    except asyncio.CancelledError:
        await trying  # in bounded time
        raise
