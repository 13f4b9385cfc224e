"""Workspaces that lie: rounds of applies on answers that are old, cut short or wrong."""
