"""Secrets: the hiding type, the backends, fingerprints."""
