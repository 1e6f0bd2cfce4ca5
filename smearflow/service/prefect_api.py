"""The few questions that smearflow puts to a Prefect server without importing prefect (1.5 s, 85 MB)."""

import base64
import json
import os
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

LIMIT = 10.0  # seconds to wait for one answer; a server that has just started, on a busy machine, takes some
TRIES = 3  # of a write: while its services start, SQLite may be locked for a moment
LOOPBACK = ("127.0.0.1", "localhost", "::1")
BUSY_PAUSES = (0.2, 0.5, 1.0)  # seconds before asking again one that says 503: its SQLite is locked for a moment
PROBE = "smearflow_write_check"
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # a local server is behind no proxy
NO_ANSWER = (OSError, HTTPException, ValueError, KeyError, TypeError)  # down, not HTTP, not JSON, not Prefect's


def is_home(api_url: str, home: Path) -> bool:
    """Whether the local server at ``api_url`` is healthy and says that its PREFECT_HOME is ``home``."""
    try:
        healthy = ask("GET", f"{api_url}/health") is True
        return healthy and os.path.realpath(ask("GET", f"{api_url}/admin/settings")["home"]) == os.path.realpath(home)
    except NO_ANSWER:
        return False


def can_write(api_url: str) -> bool:
    """Whether a variable can be made and removed again: a server that can't write says that it is healthy too."""
    return any(_writes(api_url, pause=number) for number in range(TRIES))


def shows_page(api_url: str) -> bool:
    """Whether the local server still has its page: one whose environment was installed anew under it has not."""
    try:
        with DIRECT.open(api_url.removesuffix("api"), timeout=LIMIT) as answer:
            return bool(answer.status == 200)
    except NO_ANSWER:
        return False


def problem_of(api_url: str) -> str | None:
    """Why the server at ``api_url``, any server, can't be used; None where it can. One that asks for a key can."""
    try:
        with urllib.request.urlopen(f"{api_url}/health", timeout=LIMIT) as answer:
            return None if json.loads(answer.read()) is True else "it says that it isn't healthy"
    except urllib.error.HTTPError as error:
        with error:
            return None if error.code in (401, 403) else f"it answered {error.code} {error.reason}"
    except urllib.error.URLError as error:
        return str(error.reason)
    except NO_ANSWER as error:
        return f"{type(error).__name__}: {error}"


def _writes(api_url: str, pause: float) -> bool:
    time.sleep(pause)
    try:
        ask("POST", f"{api_url}/variables/", {"name": PROBE, "value": True}, allowed=409)  # left by a killed process
        ask("DELETE", f"{api_url}/variables/name/{PROBE}", allowed=404)  # removed by one that asked as well
    except NO_ANSWER:
        return False
    return True


def ask(method: str, url: str, body: Any = None, allowed: int | None = None) -> Any:
    """A server's JSON answer; None for an empty one, or for an error of status ``allowed``.

    A server elsewhere is asked as its client would be: through the proxy, with PREFECT_API_KEY or
    PREFECT_API_AUTH_STRING where they are set. Raises one of NO_ANSWER.
    """
    local = urlsplit(url).hostname in LOOPBACK
    headers = {"Content-Type": "application/json", **({} if local else _credentials())}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method=method)
    for pause in BUSY_PAUSES:
        try:
            return _answer(request, local, allowed)
        except urllib.error.HTTPError as error:
            if error.code != HTTPStatus.SERVICE_UNAVAILABLE:
                raise
            time.sleep(pause)
    return _answer(request, local, allowed)


def _answer(request: urllib.request.Request, local: bool, allowed: int | None) -> Any:
    opened = DIRECT.open if local else urllib.request.urlopen
    try:
        with opened(request, timeout=LIMIT) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        with error:
            if error.code == allowed:
                return None
            raise


def _credentials() -> dict[str, str]:
    key, pair = os.environ.get("PREFECT_API_KEY"), os.environ.get("PREFECT_API_AUTH_STRING")
    if key:
        return {"Authorization": f"Bearer {key}"}
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"} if pair else {}
