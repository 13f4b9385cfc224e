"""Real counterparts that tests run against: the sandbox, MCP servers."""
