"""The demo: the whole story against a sandbox and five real MCP servers, offline."""

from reconciler.workflows.demo.stage import ENVIRONMENT, Stage
from reconciler.workflows.demo.story import DemoFailed, tell

__all__ = ["ENVIRONMENT", "DemoFailed", "Stage", "tell"]
