"""The workspaces that the sandbox's tests share, and how they look at answers."""

from typing import Any

import httpx2

from tests.parts.sandbox_process import Api, SandboxProcess

ADMIN, BUILDER, USER, MANAGER = "t.ana", "t.ben", "t.uma", "t.max"
OTHER_ADMIN = "t.olga"
KEY = "sk-acme-key"
PEOPLE = [
    {"email": "ana@acme.example", "name": "Ana Diaz", "role": "admin", "token": ADMIN},
    {"email": "ben@acme.example", "name": "Ben Okafor", "role": "builder", "token": BUILDER},
    {"email": "uma@acme.example", "name": "Uma Rao", "role": "user", "token": USER},
    {"email": "max@acme.example", "name": "Max Ito", "role": "manager", "token": MANAGER},
    {"email": "eve@acme.example", "name": "Eve Martin", "role": "user"},
]
SEED: dict[str, Any] = {
    "workspaces": [
        {
            "sId": "acme",
            "name": "Acme",
            "members": PEOPLE,
            "groups": [
                {"name": "Finance team", "members": ["eve@acme.example"]},
                {"name": "Hand-made", "kind": "regular_manual"},
            ],
            "spaces": [
                {"name": "Vault", "members": ["ben@acme.example"], "groups": ["Finance team"]},
                {"name": "Lounge", "restricted": False},
            ],
            "internalServers": ["jira"],
            "consents": [
                {
                    "id": "con_ana",
                    "user": "ana@acme.example",
                    "accessToken": "granted",
                    "scope": "read write",
                },
                {
                    "id": "con_pending",
                    "user": "ana@acme.example",
                    "accessToken": "x",
                    "finalized": False,
                },
                {"id": "con_ben", "user": "ben@acme.example", "accessToken": "bens"},
            ],
            "usage": [
                {"url": "https://used.example/mcp", "agents": [{"sId": "a1", "name": "Helper"}]}
            ],
            "servers": [{"url": "https://used.example/mcp", "name": "used", "spaces": ["Lounge"]}],
            "keys": [{"key": KEY, "name": "ci", "role": "builder"}],
        },
        {
            "sId": "globex",
            "name": "Globex",
            "region": "europe-west1",
            "maxSpaces": 1,
            "legacy": {"noBatchTools": True, "olderMembersBody": True},
            "members": [
                {"email": "olga@globex.example", "role": "admin", "token": OTHER_ADMIN},
                {"email": "ana@acme.example", "role": "user"},
            ],
            "groups": [{"name": "Night shift"}],
            "spaces": [{"name": "Den"}],
            "servers": [{"url": "https://old.example/mcp", "name": "old"}],
        },
        {
            "sId": "closed",
            "name": "Closed",
            "canUseProduct": False,
            "members": [{"email": "ana@acme.example", "role": "admin"}],
        },
    ],
    "tokens": [
        {"token": "t.expired", "user": "ana@acme.example", "expired": True},
        {"token": "t.stranger"},
    ],
}


class World:
    """A sandbox with `SEED` in it, and one client a person."""

    def __init__(self, process: SandboxProcess) -> None:
        self.process = process
        self.admin = process.client_for(ADMIN)
        self.builder = process.client_for(BUILDER)
        self.user = process.client_for(USER)
        self.manager = process.client_for(MANAGER)
        self.other = process.client_for(OTHER_ADMIN, "globex")

    def close(self) -> None:
        """Close the clients."""
        for client in (self.admin, self.builder, self.user, self.manager, self.other):
            client.close()

    def raw(self, path: str, token: str | None = ADMIN, **options: Any) -> httpx2.Response:
        """A GET at any path, with any token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        headers |= options.pop("headers", {})
        return httpx2.get(f"{self.process.url}{path}", headers=headers, trust_env=False, **options)


def refused(response: httpx2.Response, status: int, kind: str) -> str:
    """Check an error's status, type and envelope; its message."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["type"] == kind
    message: str = error["message"]
    assert message
    return message


def space_body(name: str, **more: Any) -> dict[str, Any]:
    """The body that creates a restricted, regular space of nobody."""
    return {
        "name": name,
        "isRestricted": True,
        "spaceKind": "regular",
        "managementMode": "manual",
        "memberIds": [],
        **more,
    }


def make_space(api: Api, name: str, **more: Any) -> str:
    """Create a regular space; its id."""
    sid: str = api.write("POST", "/spaces", space_body(name, **more))["space"]["sId"]
    return sid


def make_server(api: Api, url: str, **more: Any) -> str:
    """Add a remote server; its id."""
    body = {"serverType": "remote", "url": url, **more}
    sid: str = api.write("POST", "/mcp", body)["server"]["sId"]
    return sid


def system_view(api: Api, server: str) -> dict[str, Any]:
    """The view of a server in the system space."""
    system = space_named(api, "System")
    views = api.read(f"/mcp/{server}")["server"]["views"]
    view: dict[str, Any] = next(each for each in views if each["spaceId"] == system)
    return view


def space_named(api: Api, name: str) -> str:
    """The id of a space."""
    spaces = api.read("/spaces", role="admin")["spaces"]
    sid: str = next(each["sId"] for each in spaces if each["name"] == name)
    return sid


def person(api: Api, email: str) -> str:
    """The id of a member."""
    found = api.read("/members/search", searchEmails=email)["members"]
    sid: str = found[0]["sId"]
    return sid


def group(api: Api, name: str) -> str:
    """The id of a group."""
    groups = api.read("/groups", kind=["provisioned", "regular_manual", "global"])["groups"]
    sid: str = next(each["sId"] for each in groups if each["name"] == name)
    return sid
