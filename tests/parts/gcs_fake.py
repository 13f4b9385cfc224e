"""Google Cloud Storage at the wire, as far as obstore speaks it (the XML API): a fake.

Google has no emulator of its own, and those that others made don't know the writes of this API.
`x-goog-if-generation-match` is the condition of a write, 0 for "nothing there"; 412 refuses it.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from urllib.parse import unquote, urlsplit

from tests.parts.buckets import BUCKET, Bucket
from tests.parts.serving import serving


@contextmanager
def gcs() -> Iterator[Bucket]:
    """The bucket, on loopback."""
    objects: dict[str, tuple[int, bytes, str]] = {}
    guard = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 10

        def do_GET(self) -> None:
            found = objects.get(self._key())
            self._send(404 if found is None else 200, found)

        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            wanted = self.headers.get("x-goog-if-generation-match")
            with guard:
                now = objects.get(self._key(), (0, b"", ""))[0]
                if wanted is not None and int(wanted) != now:
                    self._send(412, None)
                    return
                made = (now + 1, body, formatdate(usegmt=True))
                objects[self._key()] = made
            self._send(200, (made[0], b"", made[2]))

        def _key(self) -> str:
            return unquote(urlsplit(self.path).path)

        def _send(self, status: int, found: tuple[int, bytes, str] | None) -> None:
            generation, body, modified = found or (0, b"", formatdate(usegmt=True))
            self.send_response(status)
            self.send_header("etag", f'"{generation}"')
            self.send_header("x-goog-generation", str(generation))
            self.send_header("last-modified", modified)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    account = {"disable_oauth": True} | dict.fromkeys(
        ("client_email", "private_key", "private_key_id"), ""
    )
    with serving(Handler) as url:
        password = json.dumps({"gcs_base_url": url, **account})
        yield Bucket(before=f"gs://{BUCKET}", after=f"?endpoint={url}", password=password)
