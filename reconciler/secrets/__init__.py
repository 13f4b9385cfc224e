"""Secrets: the type that hides a value, the resolver that fetches it late, fingerprints."""

from reconciler.secrets.backend import Backend, Pacing, Surroundings
from reconciler.secrets.failure import SecretFailure, failure
from reconciler.secrets.fingerprint import (
    MIN_KEY_BYTES,
    Fingerprinter,
    fingerprint,
    is_keyed,
    matches,
)
from reconciler.secrets.resolver import Resolver
from reconciler.secrets.secret import Secret

__all__ = [
    "MIN_KEY_BYTES",
    "Backend",
    "Fingerprinter",
    "Pacing",
    "Resolver",
    "Secret",
    "SecretFailure",
    "Surroundings",
    "failure",
    "fingerprint",
    "is_keyed",
    "matches",
]
