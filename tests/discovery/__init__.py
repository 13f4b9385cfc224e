"""Tests of probing remote MCP servers."""
