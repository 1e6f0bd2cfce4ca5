"""The page of a review over http: loopback only, and only for who has the address that the terminal printed.

Every request needs the token in its path and must ask for us by our name; a write must come from our own page, as JSON.
Pictures are made anew from pixels, so that browsers show what they can't read themselves, and keep nothing of them.
"""

import hmac
import json
import secrets
import sys
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from smearflow.data.readers import named
from smearflow.errors import SmearflowError, UsageError
from smearflow.report.pictures import png
from smearflow.service.ports import HOST
from smearflow.service.review_session import Session

HERE = Path(__file__).parent
FILES = {
    "": ("review.html", "text/html; charset=utf-8"),
    "review.css": ("review.css", "text/css; charset=utf-8"),
    "review.js": ("review.js", "text/javascript; charset=utf-8"),
}
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'none'; frame-ancestors 'none'; base-uri 'none'"
)
LONGEST = 10_000  # bytes of a write
STRANGER = b"Open the address that `smearflow review` printed: this one lacks its key, or the review has ended."


class ReviewServer(ThreadingHTTPServer):
    """Serves one review until somebody finishes it, on the page or by ``shutdown``. ``port`` 0: a free one.

    ``reader``: who decides until the page is told another name.
    """

    daemon_threads = True

    def __init__(self, session: Session, reader: str, port: int = 0) -> None:
        self.session, self.reader, self.token = session, reader, secrets.token_urlsafe(24)
        super().__init__((HOST, port), Page)

    @property
    def url(self) -> str:
        """The address to open."""
        return f"http://{HOST}:{self.server_port}/{self.token}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a browser that has left."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as socketserver hands them

    def shutdown(self) -> None:
        """End ``serve_forever``, which must run in another thread; connections that are open can't go on either."""
        self.token = secrets.token_urlsafe(24)
        super().shutdown()


class Page(BaseHTTPRequestHandler):
    """Answers GET and POST; http.server answers 501 to anything else."""

    server: ReviewServer
    server_version = "smearflow"
    sys_version = ""
    protocol_version = "HTTP/1.1"
    timeout = 60  # seconds that a connection may stay silent

    def do_GET(self) -> None:
        self._answered(self._get)

    def do_POST(self) -> None:
        self._answered(self._post)

    def log_message(self, *_: object) -> None:
        """Nothing: addresses hold the token."""

    def _answered(self, answer: Callable[[str], None]) -> None:
        """Answer who asks for us by our name and has the token; what goes wrong is told in its own words."""
        _, _, rest = self.path.partition("/")
        token, _, path = rest.partition("/")
        if self.headers.get("Host", "") not in self._names():
            self._say(HTTPStatus.MISDIRECTED_REQUEST, b"This page answers on this machine only.")
        elif not hmac.compare_digest(token.encode(), self.server.token.encode()):
            self._say(HTTPStatus.NOT_FOUND, STRANGER)
        else:
            try:
                answer(path)
            except UsageError as error:
                self._tell({"error": str(error)}, HTTPStatus.BAD_REQUEST)
            except (SmearflowError, OSError) as error:
                self._tell({"error": str(error)}, HTTPStatus.INTERNAL_SERVER_ERROR)

    def _get(self, path: str) -> None:
        asked = urlsplit(path)
        kind, _, name = asked.path.partition("/")
        if asked.path in FILES:
            file, form = FILES[asked.path]
            self._say(HTTPStatus.OK, (HERE / file).read_bytes(), form)
        elif asked.path == "state":
            self._tell_state(*parse_qs(asked.query).get("reader", [self.server.reader]))
        elif kind == "picture" and (picture := self._picture(name)):
            self._say(HTTPStatus.OK, picture, "image/png")
        else:
            self._say(HTTPStatus.NOT_FOUND, b"There is no such thing here.")

    def _post(self, path: str) -> None:
        """Write. A page from elsewhere can't: its Origin isn't ours, and it mayn't send JSON to us."""
        told = self._body()  # read in any case, so that the connection can go on
        origin, form = self.headers.get("Origin"), self.headers.get("Content-Type", "").partition(";")[0].strip()
        if origin not in {f"http://{name}" for name in self._names()} or form != "application/json":
            self._say(HTTPStatus.FORBIDDEN, b"Only this review's own page may write.")
            return
        verb = VERBS.get(path)
        if verb is None or told is None:
            self._say(HTTPStatus.BAD_REQUEST, b"This can't be done here.")
            return
        verb(self, told)

    def _decide(self, told: dict[str, Any]) -> None:
        reader = named(told.get("reader"))
        self.server.session.decide(reader, str(told.get("sha256")), str(told.get("decided")))
        self._tell_state(reader)

    def _undo(self, told: dict[str, Any]) -> None:
        reader, number = named(told.get("reader")), told.get("number")
        self.server.session.undo(reader, number if isinstance(number, int) else 0)
        self._tell_state(reader)

    def _later(self, told: dict[str, Any]) -> None:
        reader = named(told.get("reader"))
        self.server.session.put_off(reader, str(told.get("sha256")))
        self._tell_state(reader)

    def _opinion(self, told: dict[str, Any]) -> None:
        self._tell(self.server.session.opinion(named(told.get("reader")), str(told.get("sha256"))))

    def _finish(self, _: dict[str, Any]) -> None:
        self.close_connection = True
        self._tell({"made": self.server.session.made})
        threading.Thread(target=self.server.shutdown, daemon=True).start()

    def _names(self) -> tuple[str, str]:
        return f"{HOST}:{self.server.server_port}", f"localhost:{self.server.server_port}"

    def _body(self) -> dict[str, Any] | None:
        """The JSON object that came; None where none did, or one that is too long."""
        length = self.headers.get("Content-Length", "")
        if not length.isdigit() or int(length) > LONGEST:
            self.close_connection = True
            return None
        try:
            told = json.loads(self.rfile.read(int(length)))
        except ValueError:
            return None
        return told if isinstance(told, dict) else None

    def _picture(self, sha256: str) -> bytes | None:
        file = self.server.session.file_of(sha256)
        return png(file) if file else None

    def _tell_state(self, reader: object) -> None:
        self._tell(self.server.session.state(named(reader)))

    def _tell(self, told: object, status: HTTPStatus = HTTPStatus.OK) -> None:
        self._say(status, json.dumps(told).encode(), "application/json")

    def _say(self, status: HTTPStatus, body: bytes, form: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", form)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")  # patients' cells
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Referrer-Policy", "no-referrer")
        self.send_header("Cross-Origin-Resource-Policy", "same-origin")
        self.send_header("Content-Security-Policy", POLICY)
        self.end_headers()
        self.wfile.write(body)


VERBS: dict[str, Callable[[Page, dict[str, Any]], None]] = {
    "decide": Page._decide,
    "undo": Page._undo,
    "later": Page._later,
    "opinion": Page._opinion,
    "finish": Page._finish,
}
