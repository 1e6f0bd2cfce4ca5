"""What an address that isn't a Prefect server is told apart by."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from smearflow.service.prefect_api import ask, can_write, is_home, problem_of, shows_page


@contextmanager
def serving(answer: Callable[[str], tuple[int, bytes]]) -> Iterator[str]:
    """A web server that is not Prefect; the address at which Prefect's API would be."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answer(self.path)
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/api"
        server.shutdown()


def test_a_server_whose_page_is_gone_is_noticed() -> None:
    with serving(lambda path: (200 if path == "/" else 404, b"<html>")) as url:
        assert shows_page(url)
    with serving(lambda path: (500, b"Internal Server Error")) as url:
        assert not shows_page(url)
    assert not shows_page("http://127.0.0.1:9/api")


def test_nobody_there_is_a_problem_in_words() -> None:
    assert "refused" in (problem_of("http://127.0.0.1:9/api") or "")


def test_an_address_without_api_is_a_problem() -> None:
    with serving(lambda path: (404, b"")) as url:
        assert problem_of(url) == "it answered 404 Not Found"


def test_a_page_of_html_is_a_problem() -> None:
    with serving(lambda path: (200, b"<html>")) as url:
        assert "JSONDecodeError" in (problem_of(url) or "")
        assert not is_home(url, Path("/"))


def test_one_that_asks_for_a_key_is_there() -> None:
    with serving(lambda path: (401, b"")) as url:
        assert problem_of(url) is None


def test_a_healthy_server_of_another_workspace_is_not_ours(tmp_path: Path) -> None:
    with serving(lambda path: (200, b'{"home": "/elsewhere"}' if "settings" in path else b"true")) as url:
        assert problem_of(url) is None
        assert not is_home(url, tmp_path)


def test_a_server_that_refuses_to_write_is_noticed() -> None:
    with serving(lambda path: (200, b"true")) as url:  # knows no POST
        assert not can_write(url)


def test_a_server_that_is_busy_for_a_moment_is_asked_again() -> None:
    answers = iter([(503, b""), (503, b""), (200, b"[1]")])
    with serving(lambda path: next(answers)) as url:
        assert ask("GET", f"{url}/anything") == [1]
