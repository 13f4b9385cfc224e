"""Secrets: the type that hides a value, and the resolvers that fetch it late."""

from reconciler.secrets.secret import Secret

__all__ = ["Secret"]
