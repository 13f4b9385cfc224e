"""Dust: spaces and remote MCP servers, over the HTTP API that its own web app uses."""

from reconciler.providers.dust.callbacks import callbacks
from reconciler.providers.dust.provider import DustProvider, region_url

__all__ = ["DustProvider", "callbacks", "region_url"]
