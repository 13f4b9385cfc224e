"""What the tests of consents share: an authorization server, its clients, and a whole consent."""

import json
from dataclasses import dataclass, field
from typing import Any

import httpx2

from tests.parts.mcp_servers import McpServer
from tests.parts.oidc_provider import OidcProvider, follow
from tests.parts.sandbox_process import Api
from tests.sandbox.world import World

SECRET = "client-secret/+ :=%of the app"
STATIC = {"basic": "client_secret_basic", "post": "client_secret_post", "public": "none"}


def static_clients(world: World) -> list[dict[str, Any]]:
    """An OAuth app for each way to authenticate, and one that may ask for `read` only."""
    callback = f"{world.process.url}/oauth/mcp_static/finalize"
    clients = [
        {
            "client_id": name,
            "redirect_uris": [callback],
            "token_endpoint_auth_method": method,
            **({} if method == "none" else {"client_secret": SECRET}),
        }
        for name, method in STATIC.items()
    ]
    return [*clients, {**clients[0], "client_id": "narrow", "scope": "read"}]


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A sandbox, an authorization server that knows it, and an MCP server behind that."""

    world: World
    idp: OidcProvider
    mcp: McpServer

    def callback(self, provider: str = "mcp_static") -> str:
        """The redirect URI."""
        return f"{self.world.process.url}/oauth/{provider}/finalize"

    def static(self, client: str = "basic", **changes: str) -> dict[str, str]:
        """The extraConfig of a static app; an empty value leaves a key out."""
        method = STATIC.get(client, "client_secret_basic")
        extra = {
            "client_id": client,
            **self.idp.endpoints(),
            "token_endpoint_auth_method": method,
            **({} if method == "none" else {"client_secret": SECRET}),
            "scope": "read",
            "resource": self.mcp.url,
        }
        return {key: value for key, value in {**extra, **changes}.items() if value}

    def registered(self, **changes: Any) -> dict[str, str]:
        """The connectionMetadata of a client that was registered just now."""
        body = {"url": self.mcp.url}
        answer = self.world.admin.write("POST", "/mcp/discover_oauth_metadata", body)
        assert answer["oauthRequired"] is True
        return {**answer["connectionMetadata"], **changes}

    def begin(
        self,
        extra: dict[str, str],
        *,
        api: Api | None = None,
        provider: str = "mcp_static",
        use_case: str = "platform_actions",
    ) -> "Begun":
        """Call setup."""
        api = api or self.world.admin
        query = {"useCase": use_case, "extraConfig": json.dumps(extra)}
        with Api(str(api.base_url), None) as fresh:
            fresh.headers["Authorization"] = api.headers["Authorization"]
            response = fresh.get(f"/oauth/{provider}/setup", params=query)
        assert response.status_code == 200, response.text
        cookie = response.headers.get("set-cookie", "").partition(";")[0]
        return Begun(
            stage=self,
            provider=provider,
            url=response.json()["redirectUrl"],
            cookie=cookie,
            token=api.headers["Authorization"].removeprefix("Bearer "),
        )

    def connect(self, extra: dict[str, str], **options: Any) -> str:
        """A whole consent; the id of the finalized OAuth connection."""
        begun = self.begin(extra, **options)
        done = begun.finalize(begun.agree())
        assert done.status_code == 200, done.text
        sid: str = done.json()["connection"]["connection_id"]
        return sid


@dataclass(frozen=True, kw_only=True)
class Begun:
    """A consent that was begun: where to send the person, and what ties it to the browser."""

    stage: Stage
    provider: str
    url: str
    cookie: str
    token: str = field(repr=False)

    def agree(self) -> dict[str, str]:
        """Follow the URL; the query that came back."""
        return follow(self.url, self.stage.callback(self.provider))

    def finalize(
        self, query: dict[str, str], *, token: str | None = "", cookie: str | None = ""
    ) -> httpx2.Response:
        """Call finalize as the one who began, or with another token or cookie (None: without)."""
        token = self.token if token == "" else token
        cookie = self.cookie if cookie == "" else cookie
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        headers |= {} if not cookie else {"Cookie": cookie}
        url = f"{self.stage.world.process.url}/api/oauth/{self.provider}/finalize"
        return httpx2.get(url, params=query, headers=headers, trust_env=False, timeout=60)
