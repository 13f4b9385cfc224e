"""A person at the sandbox's page for device logins, and a device that asks for tokens."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

CLIENT_ID = "client_sandbox"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"


@dataclass(frozen=True, kw_only=True)
class DeviceTokens:
    """What a finished login gave."""

    access: str
    refresh: str


def decide(
    url: str, user_code: str, *, email: str = "ana@acme.example", approve: bool = True
) -> None:
    """Press a button on the page of the sandbox at `url`."""
    form = {
        "user_code": user_code,
        "email": email,
        "decision": "approve" if approve else "deny",
    }
    answer = httpx2.post(f"{url}/login/device", data=form, trust_env=False)
    assert answer.status_code == 200, answer.text


def code_in(verification: str) -> str:
    """The user code of a complete verification address."""
    return parse_qs(urlsplit(verification).query)["user_code"][0]


def ask(url: str, **form: str) -> Any:
    """Ask for a device login; the answer."""
    body = {"client_id": CLIENT_ID, "scope": "openid profile email", **form}
    answer = httpx2.post(f"{url}/user_management/authorize/device", data=body, trust_env=False)
    assert answer.status_code == 200, answer.text
    return answer.json()


def authenticate(url: str, **form: str) -> httpx2.Response:
    """Ask for tokens."""
    body = {"client_id": CLIENT_ID, **form}
    return httpx2.post(f"{url}/user_management/authenticate", data=body, trust_env=False)


def poll(url: str, device_code: str) -> httpx2.Response:
    """Ask for the tokens of a device code."""
    return authenticate(url, grant_type=DEVICE_GRANT, device_code=device_code)


def refresh(url: str, token: str) -> httpx2.Response:
    """Ask for a new pair."""
    return authenticate(url, grant_type="refresh_token", refresh_token=token)


def tokens_for(url: str, email: str = "ana@acme.example") -> DeviceTokens:
    """A whole login, as a device and a person together."""
    asked = ask(url)
    decide(url, asked["user_code"], email=email)
    answer = poll(url, asked["device_code"])
    assert answer.status_code == 200, answer.text
    body = answer.json()
    return DeviceTokens(access=body["access_token"], refresh=body["refresh_token"])


def expire_all(url: str) -> int:
    """Make every access token given so far expire; how many that were."""
    answer = httpx2.post(f"{url}/_sandbox/login/expire", trust_env=False)
    assert answer.status_code == 200, answer.text
    expired: int = answer.json()["expired"]
    return expired
