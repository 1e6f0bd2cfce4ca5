"""A real server on this machine that the tests fetch from: with ranges and validators, and with each of its moods."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Served:
    """What the server answers with, and what it was asked: (method, its Range) each."""

    data: bytes
    etag: str | None = '"one"'
    modified: str | None = None
    ranges: bool = True
    says_length: bool = True
    says_total: bool = True  # where it answers with a part
    statuses: list[int] = field(default_factory=list)  # of the next answers; then all is well
    breaks: list[int] = field(default_factory=list)  # after so many bytes of the next bodies; then whole ones
    redirect: str | None = None
    asked: list[tuple[str, str | None]] = field(default_factory=list)
    address: str = ""


@contextlib.contextmanager
def serving(served: Served, name: str = "cells.zip") -> Iterator[Served]:
    """``served`` at ``served.address`` while the body runs."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(served))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    served.address = f"http://127.0.0.1:{server.server_port}/{name}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()


def _handler(served: Served) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._note()
            fresh = served.etag and self.headers.get("If-None-Match") == served.etag
            self._head(served.statuses.pop(0) if served.statuses else 304 if fresh else 200, len(served.data))
            self.end_headers()

        def do_GET(self) -> None:
            self._note()
            if served.redirect:
                self.send_response(302)
                self.send_header("Location", served.redirect)
                self.end_headers()
            elif served.statuses:
                self.send_error(served.statuses.pop(0))
            else:
                self._send(self._start())

        def _note(self) -> None:
            served.asked.append((self.command, self.headers.get("Range")))

        def _start(self) -> int:
            """Where the answer begins: only if the file is still the one that a part is held of."""
            wanted, validator = self.headers.get("Range"), served.etag or served.modified
            if not wanted or not served.ranges or self.headers.get("If-Range") != validator:
                return 0
            return int(wanted.removeprefix("bytes=").removesuffix("-"))

        def _send(self, start: int) -> None:
            body, size = served.data[start:], len(served.data)
            self._head(206 if start else 200, len(body))
            if start:
                total = size if served.says_total else "*"
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{total}")
            self.end_headers()
            self.wfile.write(body[: served.breaks.pop(0)] if served.breaks else body)

        def _head(self, status: int, length: int) -> None:
            self.send_response(status)
            for name, value in (("ETag", served.etag), ("Last-Modified", served.modified)):
                if value:
                    self.send_header(name, value)
            if served.says_length:
                self.send_header("Content-Length", str(length))

        def log_message(self, *_: Any) -> None:
            """Nothing: the tests read ``asked``."""

    return Handler
