"""A real authorization server on loopback: npm's oidc-provider, in a process of its own."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx2

from tests.parts.npm_packages import NODE, NPM
from tests.parts.peers import need_npm

Consent = Literal["auto", "deny", "page"]
Step = Literal["discovery", "registration", "authorization", "token", "refresh"]
"""What an authorization server is asked for; `token` is a code's exchange."""


class OidcProvider:
    """An authorization server as a context manager; `issuer` says where it is.

    It knows code with PKCE, refresh with rotation, resource indicators, registration, revocation;
    its access tokens are JWTs for the resource that was asked for.

    Args:
        clients: clients that are registered from the start, as OAuth client metadata.
        scopes: the scopes it knows.
        access_ttl: seconds that an access token lives.
        registration: offer dynamic client registration.
        management: let registered clients delete themselves (RFC 7592).
        refresh: give refresh tokens.
        refused_resources: resources that it gives no tokens for.
        default_resource: what a token is for when nobody says.
        port: 0 takes any free port; a given one lets a server come back where it was.
    """

    issuer: str

    def __init__(
        self,
        clients: Sequence[Mapping[str, Any]] = (),
        *,
        scopes: Sequence[str] = ("read", "write"),
        access_ttl: int = 3600,
        registration: bool = True,
        management: bool = False,
        refresh: bool = True,
        refused_resources: Sequence[str] = (),
        default_resource: str | None = None,
        port: int = 0,
    ) -> None:
        self._config = {
            "clients": [dict(client) for client in clients],
            "scopes": list(scopes),
            "accessTtl": access_ttl,
            "registration": registration,
            "management": management,
            "refresh": refresh,
            "refusedResources": list(refused_resources),
            "defaultResource": default_resource,
            "port": port,
            "consent": "auto",
        }
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def start(self) -> None:
        """Begin to answer; after `stop`, at the same place as before."""
        need_npm("oidc-provider")
        self._process = subprocess.Popen(
            [str(NODE), "--no-warnings", str(NPM / "oidc.mjs")],
            cwd=NPM,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.issuer = self._ask(self._config)["issuer"]
        self._config["port"] = urlsplit(self.issuer).port

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; what connects afterwards is refused."""
        process, self._process = self._process, None
        if process is not None:
            process.communicate(timeout=30)

    def endpoints(self) -> dict[str, str]:
        """The two endpoints that a static app has to name."""
        return {
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
        }

    def consent(self, manner: Consent) -> None:
        """From now on consent is given (auto), denied (deny), or asked for on a page (page)."""
        self._ask({"consent": manner})

    def fail(self, *steps: Step) -> None:
        """From now on answer 503 in these steps, and in these alone."""
        self._ask({"failing": list(steps)})

    def shut(self) -> None:
        """Refuse every connection until `heal`; what it knows stays known."""
        self._ask({"open": False})

    def heal(self) -> None:
        """Work again, in every step."""
        self._ask({"failing": [], "open": True})

    def set_ahead(self, seconds: int) -> None:
        """Put its clock ahead of everybody else's."""
        self._ask({"ahead": seconds})

    def revoke_refresh_tokens(self) -> None:
        """Forget every refresh token given so far."""
        self._ask({"revoke": True})

    def refuse_resource_on_refresh(self) -> None:
        """From now on answer `invalid_target` to a refresh that names a resource."""
        self._ask({"picky": True})

    def token_requests(self) -> list[dict[str, Any]]:
        """The requests to the token endpoint since the last look."""
        requests: list[dict[str, Any]] = self._ask({})["requests"]
        return requests

    def registered(self) -> list[str]:
        """The ids of the clients that registered themselves."""
        clients: list[str] = self._ask({})["clients"]
        return clients

    def deleted(self) -> list[str]:
        """The ids of the clients that were deleted again."""
        clients: list[str] = self._ask({})["deleted"]
        return clients

    def refresh_tokens(self) -> list[str]:
        """Every refresh token that it gave."""
        tokens: list[str] = self._ask({})["refreshTokens"]
        return tokens

    def verifiers(self) -> list[str]:
        """Every PKCE verifier that came with a code."""
        verifiers: list[str] = self._ask({})["verifiers"]
        return verifiers

    def secrets(self) -> dict[str, list[str]]:
        """By kind: the codes, verifiers and tokens that it saw or gave."""
        told = self._ask({})
        return {
            kind: told[kind] for kind in ("codes", "verifiers", "accessTokens", "refreshTokens")
        }

    def _ask(self, command: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process
        assert process is not None, "the authorization server is not running"
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(command) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "the authorization server's process ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


def follow(url: str, callback: str) -> dict[str, str]:
    """Go where an authorization URL leads, as a browser would; what came back to the callback.

    Args:
        url: the authorization URL.
        callback: the redirect URI, which isn't visited.

    Raises:
        AssertionError: the authorization server showed a page instead.
    """
    with httpx2.Client(trust_env=False, timeout=30) as browser:
        while not url.startswith(callback):
            response = browser.get(url)
            assert response.is_redirect, f"HTTP {response.status_code} {response.text}"
            url = urljoin(url, response.headers["location"])
    return {key: values[0] for key, values in parse_qs(urlsplit(url).query).items()}
