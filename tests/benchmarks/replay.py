"""Answers recorded from a workspace, served from memory: so that a plan's time is the tool's own.

Run as `python -m tests.benchmarks.replay FILE`: prints its URL, serves until stdin closes.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    answers: dict[str, bytes]
    asked = 0
    lock = Lock()

    def do_GET(self) -> None:
        with self.lock:
            type(self).asked += 1
        body = self.answers.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body or b"{}")))
        self.end_headers()
        self.wfile.write(b"{}" if body is None else body)

    def log_request(self, code: object = "-", size: object = "-") -> None:
        """Say nothing."""


def main() -> None:
    """Serve the recorded answers."""
    recorded = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    _Handler.answers = {path: text.encode() for path, text in recorded.items()}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    for _line in sys.stdin:
        print(_Handler.asked, flush=True)
        _Handler.asked = 0
    server.shutdown()


if __name__ == "__main__":
    main()
