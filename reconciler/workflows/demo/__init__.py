"""The demo: the whole story against a sandbox and three real MCP servers, offline."""

from reconciler.workflows.demo.stage import Stage
from reconciler.workflows.demo.story import DemoFailed, tell

__all__ = ["DemoFailed", "Stage", "tell"]
