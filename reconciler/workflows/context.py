"""Everything that a command works with, opened once: manifests, state, secrets, provider."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

from reconciler.diagnostics import Diagnostic, Diagnostics, Span
from reconciler.manifests import Loaded, load
from reconciler.planning import Scope
from reconciler.providers import Call, Connection, Pause, Provider, ProviderError, Renewal
from reconciler.providers.dust import DustProvider, region_url
from reconciler.resources import Address, Desired, Locator, SecretRef, Variables
from reconciler.resources import Path as FieldPath
from reconciler.secrets import Resolver, Secret, SecretFailure
from reconciler.state import StateError, StateLocked, Store, Tries
from reconciler.workflows.failures import Exit, Stop
from reconciler.workflows.lifetimes import LIFETIME, utc_now
from reconciler.workflows.state_places import StatePlaces
from reconciler.workflows.stored_sign_ins import sign_in_for
from reconciler.workflows.trust import Trust

PROVIDERS: Mapping[str, Callable[[], Provider]] = {"dust": DustProvider}
"""The platforms. A new provider is its folder and one line here."""

WORKSPACE = "Workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the user asked for, beyond the manifests.

    `say` takes a line of talk (for stderr) as soon as there is something to tell; `observe` is
    told of every HTTP exchange, `paused` of every wait before one is tried again, and `trace` takes
    a line about secrets, state and lock for `--debug`. `scope` is the part that is wanted;
    `reviewed` says that it comes from a saved plan, so that what is gone since is no mistake of the
    caller's. A plan that is made counts for `lifetime`. `at_end` takes what is to be done when the
    run is over.
    """

    parallelism: int = 4
    timeout: float = 30.0
    attempts: int = 5
    allow: frozenset[str] = frozenset()
    scope: Scope = field(default_factory=Scope)
    reviewed: bool = False
    lifetime: timedelta = LIFETIME
    lock_timeout: timedelta = timedelta()
    now: Callable[[], datetime] = utc_now
    stop: Event = field(default_factory=Event)
    say: Callable[[str], None] = lambda _line: None
    observe: Callable[[Call], None] = lambda _call: None
    paused: Callable[[Pause], None] = lambda _pause: None
    trace: Callable[[str], None] = lambda _line: None
    at_end: Callable[[Callable[[], None]], object] = lambda _closing: None
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The parts of one run."""

    desired: Desired
    locator: Locator
    options: Options
    provider: Provider
    trust: Trust
    resolver: Resolver
    places: StatePlaces
    store: Store

    @property
    def url(self) -> str:
        """The origin that the workspace is served from."""
        spec = self.desired.workspace.spec
        return (spec.url or region_url(spec.region or "us")).rstrip("/")

    @property
    def title(self) -> str:
        """The workspace as people read it."""
        spec = self.desired.workspace.spec
        return f"{self.desired.workspace.name} ({spec.workspace_id} at {self.url})"

    def connection(self) -> Connection:
        """How to reach the workspace: with the access token or the session that the manifest
        refers to, else as whoever is signed in. Raises Stop, ProviderError."""
        reference, renewal = access_token(self.desired), None
        if reference is None:
            renewal = self._sign_in()
            token = renewal.current()
        else:
            token = self.resolve({reference: self._token_place()})[reference]
        return Connection(
            url=self.url,
            workspace_id=self.desired.workspace.spec.workspace_id,
            token=token,
            timeout=self.options.timeout,
            attempts=self.options.attempts,
            parallelism=self.options.parallelism,
            stop=self.options.stop,
            observe=self.options.observe,
            paused=self.options.paused,
            renewal=renewal,
        )

    def resolve(
        self, wanted: Mapping[SecretRef, tuple[Address, FieldPath]]
    ) -> dict[SecretRef, Secret]:
        """The secrets, all of them; raises Stop with a located message for each that fails."""
        return _resolved(self.resolver, self.locator, wanted)

    def span(self, address: Address, path: FieldPath) -> Span | None:
        """Where the manifests say it."""
        return self.locator.span(address, path)

    def _sign_in(self) -> Renewal:
        if self.desired.workspace.spec.credentials.session is not None:
            from reconciler.workflows.kept_sessions import session_in_use

            return session_in_use(self)
        return sign_in_for(
            self.url,
            self.desired.workspace.spec.workspace_id,
            environ=self.options.environ,
            say=self.options.say,
            observe=self.options.observe,
        )

    def _token_place(self) -> tuple[Address, FieldPath]:
        address = Address(WORKSPACE, self.desired.workspace.name)
        return address, ("credentials", "accessToken")


def _resolved(
    resolver: Resolver,
    locator: Locator,
    wanted: Mapping[SecretRef, tuple[Address, FieldPath]],
) -> dict[SecretRef, Secret]:
    faults: list[Diagnostic] = []
    secrets: dict[SecretRef, Secret] = {}
    for reference, result in resolver.resolve(wanted).items():
        if isinstance(result, SecretFailure):
            address, path = wanted[reference]
            faults.append(result.to_diagnostic(locator.span(address, path), str(address)))
        else:
            secrets[reference] = result
    if faults:
        raise Stop(
            Exit.FAILED,
            "secrets can't be resolved; nothing was written",
            diagnostics=Diagnostics.of(faults),
        )
    return secrets


def access_token(desired: Desired) -> SecretRef | None:
    """The reference to the platform's access token; None when a sign-in is to be used."""
    model = desired.workspace.spec.credentials.access_token
    return None if model is None else SecretRef.from_json(model.model_dump())


def load_manifests(
    paths: Sequence[Path], workspace: str | None, environ: Mapping[str, str] = os.environ
) -> Loaded:
    """Read and check the manifests, as the environment of the run has it; raises Stop with every
    fault when there is an error."""
    loaded = load(paths, workspace=workspace, variables=Variables.of(environ))
    if loaded.desired is None:
        number = len(loaded.diagnostics.errors)
        raise Stop(
            Exit.FAILED,
            f"the manifests have {number} error{'s' if number != 1 else ''}",
            diagnostics=loaded.diagnostics,
        )
    return loaded


def open_context(desired: Desired, locator: Locator, options: Options, *, trust: Trust) -> Context:
    """Put the parts together; no I/O yet. `trust` is what the manifests may name."""
    spec = desired.workspace.spec
    resolver = Resolver(
        environ=options.environ,
        timeout=options.timeout,
        stop=options.stop,
        trace=options.trace,
        refuse=trust.refusal,
    )
    options.at_end(resolver.close)
    places = StatePlaces(
        desired,
        locator,
        resolve=lambda wanted: _resolved(resolver, locator, wanted),
        tries=Tries(seconds=options.timeout, stop=options.stop),
        environ=options.environ,
    )
    return Context(
        desired=desired,
        locator=locator,
        options=options,
        provider=PROVIDERS[spec.provider](),
        trust=trust,
        resolver=resolver,
        places=places,
        store=places.declared(),
    )


@contextmanager
def as_stops() -> Iterator[None]:
    """Turn the failures of platform and state into Stop."""
    try:
        yield
    except StateLocked as error:
        raise Stop(Exit.LOCKED, error.message, help=error.help, holder=error.lease) from error
    except StateError as error:
        raise Stop(Exit.FAILED, error.message, help=error.help) from error
    except ProviderError as error:
        notes = (f"while: {error.call}",) if error.call else ()
        raise Stop(Exit.FAILED, error.message, notes=notes, help=error.help) from error
