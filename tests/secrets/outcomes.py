"""Short ways to ask a resolver for one reference."""

from collections.abc import Mapping

from reconciler.diagnostics import render_text
from reconciler.resources import SecretRef
from reconciler.secrets import Resolver, Secret, SecretFailure


def outcome(
    scheme: str, locator: str, environ: Mapping[str, str] | None = None
) -> Secret | SecretFailure:
    """What a fresh resolver says of one reference."""
    with Resolver(environ=environ or {}) as resolver:
        return one(resolver, scheme, locator)


def one(resolver: Resolver, scheme: str, locator: str) -> Secret | SecretFailure:
    """What `resolver` says of one reference."""
    reference = SecretRef(scheme, locator)
    return resolver.resolve([reference])[reference]


def revealed(found: Secret | SecretFailure) -> str:
    """The value, or a failed test that says why there is none."""
    assert isinstance(found, Secret), found
    return found.reveal()


def failed(found: Secret | SecretFailure) -> SecretFailure:
    """The failure, or a failed test."""
    assert isinstance(found, SecretFailure), "a secret was found"
    return found


def everything_said(found: SecretFailure) -> str:
    """All text that a user or a log could get to see of a failure."""
    return repr(found) + str(found) + render_text([found.to_diagnostic(None, "MCPServer/x")])
