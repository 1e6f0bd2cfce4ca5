"""`python -m smearflow.service.page_process ROOT PORT`: a workspace's reports over http, read only, loopback only.

What may be seen is a list (``VISIBLE``): reports, summaries, Data Docs, checks. Everything else isn't there, also
what a symbolic link below a listed place points to. It ends with its workspace.
"""

import functools
import json
import mimetypes
import os
import re
import shutil
import sys
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

from smearflow.processes import end_with_folder
from smearflow.report.index_page import render_index, render_missing
from smearflow.service.ports import HOST
from smearflow.workspace import Workspace

NAME = r"[\w-][\w.-]*"  # a part of a path: no hidden file, no `..`
VISIBLE = re.compile(
    rf"runs/{NAME}/(report\.html|summary\.json)"
    rf"|artifacts/validate/{NAME}/data_docs/({NAME}/)*{NAME}\.html"
    rf"|checks/({NAME}/)*{NAME}\.(html|json|png|jpg|svg|css)"
)
# No script, nothing from elsewhere: no page here needs either.
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
)


def serve(root: Path, port: int) -> None:
    """Serve until the process ends."""
    end_with_folder(root)
    with ThreadingHTTPServer((HOST, port), functools.partial(Page, Workspace(root))) as server:
        server.serve_forever()


def visible_file(root: Path, path: str) -> Path | None:
    """The file below ``root`` that the address's ``path`` may show; None where there is none, or it is hidden.

    The path is held against the list after decoding, and the file must lie where it says, reached over no link.
    """
    name = unquote(path).removeprefix("/")
    if not VISIBLE.fullmatch(name):
        return None
    real = Path(os.path.realpath(root))
    file = real / name
    return file if Path(os.path.realpath(file)) == file and file.is_file() else None


class Page(BaseHTTPRequestHandler):
    """Answers GET and HEAD; http.server answers 501 to anything else."""

    server_version = "smearflow"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 30  # seconds that a connection may stay silent

    def __init__(self, workspace: Workspace, *rest: object) -> None:
        self.workspace = workspace
        super().__init__(*rest)  # type: ignore[arg-type]  # request, address and server, as http.server hands them

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]  # urlsplit would raise for what is no address at all
        if not self._asked_by_our_name():
            self._say(HTTPStatus.MISDIRECTED_REQUEST, "text/plain", b"This page answers on this machine only.")
        elif path == "/":
            self._say(HTTPStatus.OK, "text/html; charset=utf-8", render_index(self.workspace).encode())
        elif path == "/favicon.ico":  # a browser asks for it by itself
            self._say(HTTPStatus.NO_CONTENT, "image/x-icon", b"")
        elif path == "/health":
            told = {"root": str(self.workspace.root), "pid": os.getpid()}
            self._say(HTTPStatus.OK, "application/json", json.dumps(told).encode())
        elif file := visible_file(self.workspace.root, path):
            self._send(file)
        else:
            self._say(HTTPStatus.NOT_FOUND, "text/html; charset=utf-8", render_missing().encode())

    do_HEAD = do_GET  # noqa: N815  # the name that http.server looks for

    def log_message(self, *_: object) -> None:
        """Nothing: the log is for what goes wrong."""

    def _asked_by_our_name(self) -> bool:
        """Whether the browser meant us: a site elsewhere may give its own name our address, to read these pages."""
        host = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", "")
        return host in (HOST, "localhost")

    def _send(self, file: Path) -> None:
        with file.open("rb") as content:
            self._head(HTTPStatus.OK, _type_of(file), os.fstat(content.fileno()).st_size)
            if self.command == "GET":
                shutil.copyfileobj(content, self.wfile)

    def _say(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self._head(status, kind, len(body))
        if self.command == "GET":
            self.wfile.write(body)

    def _head(self, status: HTTPStatus, kind: str, length: int) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Cache-Control", "no-cache")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()


def _type_of(file: Path) -> str:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind == "application/json" else kind


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
