"""Pipelines: what the workflows, the action and the templates hold to."""
