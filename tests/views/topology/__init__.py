"""Tests of the graph of spaces, servers and scopes."""
