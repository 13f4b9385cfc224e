"""The manifests that the examples are made of, as short as a valid one can be."""

_HEAD = "apiVersion: reconciler/v1\nkind: {kind}\nmetadata: {{name: {name}}}\n"


def server(lines: str = "", name: str = "github") -> str:
    """An MCPServer; `lines` follow the URL in its spec."""
    return _HEAD.format(kind="MCPServer", name=name) + (
        f"spec:\n  url: https://mcp.example.com/mcp\n{lines}"
    )


def space(lines: str = "  access: restricted\n", name: str = "finance") -> str:
    """A Space; `lines` are its spec."""
    return _HEAD.format(kind="Space", name=name) + f"spec:\n{lines}"


def workspace(lines: str = "", name: str = "acme") -> str:
    """A Workspace; `lines` follow its region."""
    return _HEAD.format(kind="Workspace", name=name) + (
        f"spec:\n  provider: dust\n  workspaceId: 0ec9852c2f\n  region: eu\n{lines}"
    )


def rule(test: str) -> str:
    """A Workspace with one rule of its own."""
    return workspace(
        "  policy:\n    - name: ours\n      on: resource\n      action: deny\n"
        f"      message: only servers of ours\n{test}"
    )


def both(*documents: str) -> str:
    """Several documents of one file."""
    return "---\n".join(documents)
