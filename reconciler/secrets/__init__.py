"""Secrets: the type that hides a value, the resolver that fetches it late, fingerprints."""

from reconciler.secrets.backend import Backend, Pacing, Surroundings
from reconciler.secrets.failure import SecretFailure
from reconciler.secrets.fingerprint import Fingerprinter, fingerprint, matches
from reconciler.secrets.resolver import Resolver
from reconciler.secrets.secret import Secret

__all__ = [
    "Backend",
    "Fingerprinter",
    "Pacing",
    "Resolver",
    "Secret",
    "SecretFailure",
    "Surroundings",
    "fingerprint",
    "matches",
]
