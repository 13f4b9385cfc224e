"""The scene of sign-ins: an authorization server, the MCP server that it guards, a workspace."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.e2e.world import ADMIN, Workspace, project_for, server, workspace_manifest
from tests.parts.cli import Done, Project, Running
from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider, follow
from tests.parts.ports import free_port
from tests.parts.sandbox_process import SandboxProcess

SECRET = "the-secret-of-our-very-own-app"
MODES = ("automatic", "static-oauth")
_PAGES = {"automatic": "mcp", "static-oauth": "mcp_static"}


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What the tests of a module share."""

    sandbox: SandboxProcess
    oidc: OidcProvider
    mcp: McpServer


@dataclass(frozen=True, kw_only=True)
class Scene:
    """An authorization server, the MCP server that it guards, and a workspace.

    `older` is a workspace whose platform doesn't bind sign-ins to sessions.
    """

    oidc: OidcProvider
    mcp: McpServer
    sandbox: SandboxProcess
    project: Project
    workspace: Workspace
    older: str

    @property
    def callback(self) -> str:
        """The redirect URI of an app of our own."""
        return self.callback_of("static-oauth")

    def callback_of(self, mode: str) -> str:
        """The redirect URI of a mode."""
        return f"{self.sandbox.url}/oauth/{_PAGES[mode]}/finalize"

    def auth(self, **more: Any) -> dict[str, Any]:
        """`auth` of a manifest for the app that the authorization server knows."""
        return {
            "mode": "static-oauth",
            "clientId": "our-app",
            "clientSecret": {"env": "APP_SECRET"},
            "authorizationEndpoint": self.oidc.endpoints()["authorization_endpoint"],
            "tokenEndpoint": self.oidc.endpoints()["token_endpoint"],
            "tokenEndpointAuthMethod": "client_secret_basic",
            "scopes": ["read"],
            **more,
        }

    def write(self, **spec: Any) -> None:
        """The server's manifest."""
        whole = {"displayName": "Desk", "auth": self.auth(), **spec}
        self.project.write("desk.yaml", server("desk", self.mcp.url, **whole))

    def use(self, mode: str, **spec: Any) -> None:
        """The server's manifest, in this mode."""
        self.write(auth={"mode": "automatic"} if mode == "automatic" else self.auth(), **spec)

    def move_to_older(self) -> None:
        """Manage the older workspace instead; its platform lets any browser finish a sign-in."""
        self.project.write("workspace.yaml", workspace_manifest(self.older, self.sandbox.url))

    def connect(self, *arguments: str) -> Running:
        """Begin to connect, without a browser of its own."""
        return self.project.start("connect", "-f", "manifests", "--no-browser", *arguments)

    def address(self, running: Running) -> str:
        """Where the running command says to sign in."""
        running.wait_for("sign in to MCPServer/desk as ana@acme.example")
        url = running.err_line().strip()
        assert url.startswith(self.oidc.issuer)
        return url

    def land(self, running: Running, mode: str = "static-oauth") -> str:
        """Sign in where the running command says; the address that the browser lands on."""
        return self.visit(self.address(running), mode)

    def visit(self, url: str, mode: str = "static-oauth") -> str:
        """Sign in at this address; the one that the browser lands on."""
        callback = self.callback_of(mode)
        return f"{callback}?{urlencode(follow(url, callback))}"

    def sign_in(self, mode: str = "static-oauth") -> Done:
        """Finish the sign-in by pasting where the browser landed."""
        with self.connect() as running:
            running.enter(self.land(running, mode))
            return running.end()


def _seed(each: int) -> dict[str, Any]:
    people = [
        {"email": "ana@acme.example", "name": "Ana", "role": "admin", "token": ADMIN},
        {"email": "zoe@acme.example", "name": "Zoe", "role": "admin"},
    ]
    known = [{k: v for k, v in person.items() if k != "token"} for person in people]
    older = {"legacy": {"unboundFinalize": True}}
    return {
        "workspaces": [
            {"sId": "w0", "name": "w0", "members": people},
            *({"sId": f"w{n}", "name": f"w{n}", "members": known} for n in range(1, each)),
            *({"sId": f"o{n}", "name": f"o{n}", "members": known, **older} for n in range(each)),
        ]
    }


@contextmanager
def opened(each: int, **oidc_options: Any) -> Iterator[Parts]:
    """A sandbox, an authorization server that knows our app, and the server that it guards.

    Args:
        each: how many workspaces there are of each kind: of today, and as they were.
        oidc_options: more of the authorization server.
    """
    port = free_port()
    with SandboxProcess(seed=_seed(each)) as sandbox:
        client = {
            "client_id": "our-app",
            "client_secret": SECRET,
            "token_endpoint_auth_method": "client_secret_basic",
            "redirect_uris": [f"{sandbox.url}/oauth/mcp_static/finalize"],
        }
        resource = f"http://127.0.0.1:{port}/mcp"
        with (
            OidcProvider([client], default_resource=resource, **oidc_options) as oidc,
            McpServer("desk", ["search"], issuer=oidc.issuer, scopes=["read"], port=port) as mcp,
        ):
            yield Parts(sandbox=sandbox, oidc=oidc, mcp=mcp)


@contextmanager
def scene_of(parts: Parts, number: int, folder: Path) -> Iterator[Scene]:
    """A project for the workspace with this number."""
    workspace = Workspace(parts.sandbox, f"w{number}")
    project = project_for(workspace, Project(folder=folder))
    project.environ["APP_SECRET"] = SECRET
    made = Scene(
        oidc=parts.oidc,
        mcp=parts.mcp,
        sandbox=parts.sandbox,
        project=project,
        workspace=workspace,
        older=f"o{number}",
    )
    made.write()
    yield made
    workspace.close()
