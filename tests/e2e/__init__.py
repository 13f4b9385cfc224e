"""The command line end to end: real processes, a real sandbox, real MCP servers."""
