"""Execution: plans carried out against a writer."""
