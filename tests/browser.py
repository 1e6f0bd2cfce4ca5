"""A real browser for tests: Chromium over its DevTools protocol, by a client of websockets that Prefect brings along.

It skips where there is no Chromium: on PATH, or named by CHROME.
"""

import base64
import contextlib
import itertools
import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection, connect

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
LIMIT = 20.0  # seconds for the browser to answer, and for a page to come to what is waited for
# What Chromium wants to be told of keys that aren't letters: code and virtual key.
SPECIAL = {"Backspace": 8, "Tab": 9, "Enter": 13, "Escape": 27, "ArrowRight": 39}


class Browser:
    """One page of a browser. What it asked the network for, and what went wrong on it, are in ``asked``, ``errors``."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.asked: list[str] = []
        self.errors: list[str] = []
        self._numbers = itertools.count(1)
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Ask the browser, and wait for its answer."""
        number = next(self._numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": params}))
        while True:
            told = json.loads(self.socket.recv(timeout=LIMIT))
            self._note(told)
            if told.get("id") == number:
                assert "error" not in told, f"{method}: {told['error']}"
                return dict(told["result"])

    def open(self, url: str) -> None:
        """Go to ``url``, or to the page that is open again."""
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def reload(self) -> None:
        self.evaluate("window.before = true")
        self.call("Page.reload")
        self.until("document.readyState === 'complete' && !window.before")

    def evaluate(self, script: str) -> Any:
        """The value of an expression on the page, a promise's too."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in told, told["exceptionDetails"]
        return told["result"].get("value")

    def until(self, script: str) -> None:
        """Wait until an expression is true on the page."""
        deadline = time.monotonic() + LIMIT
        while not self._soon(f"Boolean({script})"):
            assert time.monotonic() < deadline, f"never true: {script}\n{self._soon('document.body.innerText')}"
            time.sleep(0.02)

    def text(self, selector: str) -> str:
        """What a person reads at ``selector``."""
        return str(self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    def key(self, key: str, hold: bool = False) -> None:
        """Press a key, and let it go again unless it is held."""
        letter = key if len(key) == 1 else ""
        code = SPECIAL.get(key, ord(letter.upper()) if letter else 0)
        told = {"key": key, "windowsVirtualKeyCode": code, "text": "\r" if key == "Enter" else letter}
        self.call("Input.dispatchKeyEvent", type="keyDown" if told["text"] else "rawKeyDown", **told)
        if not hold:
            self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def size(self, width: int, height: int, phone: bool = False) -> None:
        """Show the page in a window of that many pixels, as a phone would, on demand."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def screenshot(self, file: Path) -> None:
        """A PNG of what is seen."""
        file.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))

    def _soon(self, script: str) -> Any:
        """The same as ``evaluate``, None while a page gives way to the next."""
        told = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        return told["result"].get("value") if "exceptionDetails" not in told else None

    def _note(self, told: dict[str, Any]) -> None:
        params = told.get("params", {})
        if told.get("method") == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])
        elif told.get("method") == "Runtime.exceptionThrown":
            self.errors.append(str(params["exceptionDetails"]))
        elif told.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.errors.append(params["entry"]["text"])


@contextlib.contextmanager
def browser(profile: Path) -> Iterator[Browser]:
    """A browser with an empty page and an empty ``profile``, which ends with the body. Skips where there is none."""
    program = os.environ.get("CHROME") or next(filter(None, map(shutil.which, NAMES)), None)
    if program is None:
        pytest.skip("no Chromium on PATH, nor named by CHROME")
    told = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    told += [
        f"--user-data-dir={profile}",
        "--remote-debugging-port=0",
        "--disable-background-networking",
        "about:blank",
    ]
    log = profile.with_suffix(".log")
    with log.open("w") as lines, subprocess.Popen([program, *told], stdout=lines, stderr=lines) as process:
        try:
            with connect(_page_of(profile, process), max_size=None) as socket:
                yield Browser(socket)
        finally:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            process.kill()


def _page_of(profile: Path, process: "subprocess.Popen[bytes]") -> str:
    """Where the first page of the browser listens: it writes its port into its profile."""
    import urllib.request

    deadline = time.monotonic() + LIMIT
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError, ValueError):
            port = int((profile / "DevToolsActivePort").read_text().split()[0])
            direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with direct.open(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                pages = [each for each in json.loads(answer.read()) if each["type"] == "page"]
            if pages:
                return str(pages[0]["webSocketDebuggerUrl"])
        time.sleep(0.05)
    raise AssertionError(f"Chromium didn't start: {profile.with_suffix('.log').read_text()[-2000:]}")
