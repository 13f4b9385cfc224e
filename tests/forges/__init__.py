"""Forges: comments, issues and artifacts, against fakes at the wire."""
