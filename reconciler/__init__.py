"""MCP servers of a Dust workspace as code: manifests, plan, apply, drift."""

__version__ = "0.1.0"
