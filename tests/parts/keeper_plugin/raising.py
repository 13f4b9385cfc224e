"""Fails to import."""

raise RuntimeError("canary")
