"""An HTTP address on this machine that keeps what it is sent."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer


class Sink(HTTPServer):
    """Keeps what it is sent; answers with each of ``answers`` in turn, then with 204."""

    def __init__(self) -> None:
        self.heard: list[dict[str, object]] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", 0), Taker)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/secret-token"


class Taker(BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        self.server.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 204)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: pytest's output is for its own."""
