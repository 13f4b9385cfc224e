"""Which addresses a remote server may make us ask."""

import asyncio
import ipaddress

import httpx2
import pytest

from reconciler.authorization.guard import Policy, Refused, shown, transport
from tests.parts.scripted_http import Reply, ScriptedHttp

PUBLIC, LOCAL = Policy.of("https://mcp.example.com/mcp"), Policy.of("http://127.0.0.1:1/mcp")
PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "192.168.1.1",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::ffff:10.0.0.1",
    "fd00:ec2::254",
    "fe80::1",
    "64:ff9b::a00:1",
    "2002:a00:1::",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_host_may_have_a_private_address(address: str) -> None:
    with pytest.raises(Refused):
        PUBLIC.check_address("as.example.com", ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "2606:4700::1111"])
def test_public_addresses_are_fine(address: str) -> None:
    PUBLIC.check_address("as.example.com", ipaddress.ip_address(address))


def test_nobodys_addresses_stay_refused_when_private_ones_are_allowed() -> None:
    policy = Policy.of("https://mcp.example.com/mcp", allow_private=True)
    policy.check_address("as.internal", ipaddress.ip_address("10.0.0.1"))
    for address in ("0.0.0.0", "224.0.0.1"):
        with pytest.raises(Refused):
            policy.check_address("as.internal", ipaddress.ip_address(address))


def test_what_is_probed_on_loopback_may_use_its_own_host_only() -> None:
    LOCAL.check_form("http://127.0.0.1:2/as")
    for url in ("http://127.0.0.2/as", "http://localhost/as", "http://mcp.example.com/"):
        with pytest.raises(Refused):
            LOCAL.check_form(url)
    with pytest.raises(Refused):
        LOCAL.check_address("127.0.0.2", ipaddress.ip_address("127.0.0.2"))


@pytest.mark.parametrize(
    "url",
    ["http://as.example.com/", "javascript:alert(1)", "file:///etc/passwd", "https://", "//x"],
)
def test_only_https_is_asked(url: str) -> None:
    with pytest.raises(Refused):
        PUBLIC.check_form(url)


def test_a_name_that_leads_home_is_refused_before_anything_is_sent(web: ScriptedHttp) -> None:
    web.on("GET", "/", Reply(json={}))

    async def ask() -> None:
        guarded = transport(Policy(home="elsewhere.example"))
        url = web.url.replace("127.0.0.1", "localhost").replace("http:", "https:")
        async with httpx2.AsyncClient(transport=guarded) as client:
            await client.get(url)

    with pytest.raises(Refused, match="private or reserved"):
        asyncio.run(ask())
    assert web.log == []


def test_the_name_stays_in_what_is_sent(web: ScriptedHttp) -> None:
    web.on("GET", "/x", Reply(json={}))

    async def ask() -> None:
        guarded = transport(Policy.of(web.url.replace("127.0.0.1", "localhost")))
        async with httpx2.AsyncClient(transport=guarded, trust_env=False) as client:
            await client.get(web.url.replace("127.0.0.1", "localhost") + "/x")

    asyncio.run(ask())
    assert web.log[0].headers["host"].startswith("localhost:")


def test_addresses_are_shown_without_what_may_be_secret() -> None:
    assert shown("https://me:hush@x.example:1/p?token=hush#hush") == "https://x.example:1/p"


def test_a_request_that_is_sent_again_is_checked_by_its_name_again(web: ScriptedHttp) -> None:
    web.on("GET", "/", Reply(json={}))
    url = web.url.replace("127.0.0.1", "localhost")

    async def twice() -> tuple[str, str]:
        import httpx2

        wire = transport(Policy.of(url))
        request = httpx2.Request("GET", f"{url}/")
        for _ in range(2):
            response = await wire.handle_async_request(request)
            await response.aread()
        await wire.aclose()
        return str(request.url), web.log[-1].headers["host"]

    sent, host = asyncio.run(twice())
    assert sent == f"{url}/"
    assert host.startswith("localhost:")
    assert len(web.log) == 2
