"""Object stores of the tests' own, on loopback: moto for S3, azurite for Azure."""

import base64
import hashlib
import hmac
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path

import httpx2

from tests.parts.npm_packages import NODE, NPM
from tests.parts.peers import need_npm
from tests.parts.ports import free_port

BUCKET = "state"
_AZURE_ACCOUNT = "devstoreaccount1"
# Azurite's own, well known and the same everywhere.
_AZURE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """Where a bucket is: what stands before and after the key in its URL, and how to get in."""

    before: str
    after: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    def url(self, key: str) -> str:
        """The address of an object."""
        return f"{self.before}/{key}{self.after}"


@contextmanager
def s3() -> Iterator[Bucket]:
    """moto's S3."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "tests.parts.s3_program"]
    with _running([*command, str(port)]) as process:
        url = f"http://127.0.0.1:{port}"
        _until_up(process, f"{url}/moto-api/")
        assert httpx2.put(f"{url}/{BUCKET}", trust_env=False).status_code == 200
        yield Bucket(
            before=f"s3://{BUCKET}",
            after=f"?region=us-east-1&endpoint={url}",
            username="AKIDTESTS",
            password="a-secret-key-of-the-tests",
        )


@contextmanager
def azure() -> Iterator[Bucket]:
    """Azurite's blobs."""
    need_npm("azurite")
    port = free_port()
    program = NPM / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    flags = ["--inMemoryPersistence", "--skipApiVersionCheck", "--silent", "--blobPort", str(port)]
    with _running([str(NODE), str(program), *flags]) as process:
        url = f"http://127.0.0.1:{port}/{_AZURE_ACCOUNT}"
        _until_up(process, url)
        _make_container(url)
        yield Bucket(
            before=f"az://{BUCKET}",
            after=f"?account={_AZURE_ACCOUNT}&endpoint={url}",
            username=_AZURE_ACCOUNT,
            password=_AZURE_KEY,
        )


def _make_container(url: str) -> None:
    date, version = formatdate(usegmt=True), "2021-08-06"
    resource = f"/{_AZURE_ACCOUNT}/{_AZURE_ACCOUNT}/{BUCKET}\nrestype:container"
    signed = "PUT" + "\n" * 12 + f"x-ms-date:{date}\nx-ms-version:{version}\n{resource}"
    digest = hmac.new(base64.b64decode(_AZURE_KEY), signed.encode(), hashlib.sha256).digest()
    headers: Mapping[str, str] = {
        "x-ms-date": date,
        "x-ms-version": version,
        "authorization": f"SharedKey {_AZURE_ACCOUNT}:{base64.b64encode(digest).decode()}",
        "content-length": "0",
    }
    answer = httpx2.put(f"{url}/{BUCKET}?restype=container", headers=headers, trust_env=False)
    assert answer.status_code == 201, answer.text


@contextmanager
def _running(command: list[str]) -> Iterator["subprocess.Popen[bytes]"]:
    quiet = subprocess.DEVNULL
    root = Path(__file__).parents[2]
    with subprocess.Popen(command, stdout=quiet, stderr=quiet, cwd=root) as process:
        try:
            yield process
        finally:
            process.kill()


def _until_up(process: "subprocess.Popen[bytes]", url: str) -> None:
    end = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < end:
        try:
            httpx2.get(url, trust_env=False)
        except httpx2.TransportError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nothing listens at {url}")
