"""Diagnostics: located messages."""
