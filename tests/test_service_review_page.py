"""The page of a review over real http: who may read, who may write, what is told."""

import io
import json
import threading
from http.client import HTTPConnection

import pytest
from drawn_review import session_in
from PIL import Image

from smearflow.data.decisions import read_decisions
from smearflow.service.review_page import LONGEST, ReviewServer


@pytest.fixture
def server(tmp_path):
    with ReviewServer(session_in(tmp_path), "Anna") as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def asked(server, path, body=None, token=None, method=None, **headers):
    """Status, headers and content of what the server answers."""
    here = f"127.0.0.1:{server.server_port}"
    connection = HTTPConnection(here, timeout=10)
    told = {"Origin": f"http://{here}", "Content-Type": "application/json"} if body is not None else {}
    told |= {name.replace("_", "-"): value for name, value in headers.items()}
    data = body if body is None or isinstance(body, bytes) else json.dumps(body)
    connection.request(method or ("GET" if body is None else "POST"), f"/{token or server.token}/{path}", data, told)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def state(server, **query):
    return json.loads(asked(server, "state")[2])


def test_the_page_and_what_it_is_made_of(server):
    for path, form in (("", "text/html"), ("review.css", "text/css"), ("review.js", "text/javascript")):
        status, headers, content = asked(server, path)
        assert status == 200 and headers["Content-Type"].startswith(form) and content
        assert headers["Referrer-Policy"] == "no-referrer" and headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_decision_by_http(server):
    cell = state(server)["cells"][0]
    told = {"reader": "Bela", "sha256": cell["sha256"], "decided": "Uninfected"}
    status, _, content = asked(server, "decide", told)
    after = json.loads(content)
    assert status == 200 and after["reader"] == "Bela" and after["figures"]["decided"] == 1
    assert read_decisions(server.session.ledger)[0].decision.reader == "Bela"
    undone = asked(server, "undo", {"reader": "Bela", "number": after["last"]["number"]})
    assert json.loads(undone[2])["cells"][0] == cell


def test_pictures_of_any_format_are_pngs(server):
    cell = state(server)["cells"][0]["sha256"]
    file = server.session.file_of(cell)
    with Image.open(file) as image:
        image.save(file, "TIFF", description="the patient's name")
    status, headers, content = asked(server, f"picture/{cell}")
    assert status == 200 and headers["Content-Type"] == "image/png" and b"patient" not in content
    with Image.open(io.BytesIO(content)) as shown:
        assert shown.size == (96, 96)


def test_a_picture_that_is_gone_or_was_never_here(server):
    cell = state(server)["cells"][0]["sha256"]
    server.session.file_of(cell).unlink()
    for name in (cell, "0" * 64, "..%2F..%2Flabels.csv"):
        assert asked(server, f"picture/{name}")[0] == 404


def test_only_who_has_the_address_sees_anything(server):
    for token in ("wrong", server.token[:-1], "%00"):
        assert asked(server, "state", token=token)[0] == 404
    assert asked(server, "state", Host="evil.example")[0] == 421
    assert asked(server, "state", Host=f"localhost:{server.server_port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Content_Type": "text/plain"},
        {"Host": "evil.example"},
    ],
)
def test_a_page_from_elsewhere_cant_write(server, headers):
    told = {"reader": "Anna", "sha256": state(server)["cells"][0]["sha256"], "decided": "unsure"}
    assert asked(server, "decide", told, **headers)[0] in (403, 421)
    assert not read_decisions(server.session.ledger)


def test_a_write_without_origin_is_none_of_our_page(server):
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    connection.request("POST", f"/{server.token}/finish", "{}", {"Content-Type": "application/json"})
    assert connection.getresponse().status == 403
    connection.close()


def test_what_is_no_request_is_refused_and_breaks_nothing(server):
    cell = state(server)["cells"][0]["sha256"]
    refused = [
        asked(server, "decide", b"no json"),
        asked(server, "decide", [1]),
        asked(server, "decide", b"x" * (LONGEST + 1)),
        asked(server, "erase", {}),
        asked(server, "decide", {"reader": "=cmd", "sha256": cell, "decided": "unsure"}),
        asked(server, "decide", {"reader": "Anna", "sha256": cell, "decided": "withdrawn"}),
        asked(server, "state?reader=%0A"),
    ]
    assert {status for status, _, _ in refused} == {400}
    assert asked(server, "", method="DELETE")[0] == 501
    assert not read_decisions(server.session.ledger) and state(server)["cells"][0]["sha256"] == cell


def test_a_ledger_that_was_changed_is_told_on_the_page(server):
    cells = state(server)["cells"]
    asked(server, "decide", {"reader": "Anna", "sha256": cells[0]["sha256"], "decided": "unsure"})
    ledger = server.session.ledger
    ledger.write_text(ledger.read_text().replace("unsure", "exclude"))
    status, _, content = asked(server, "decide", {"reader": "Anna", "sha256": cells[1]["sha256"], "decided": "unsure"})
    assert status == 500 and "changed by another hand" in json.loads(content)["error"]


def test_finishing_ends_the_server(tmp_path):
    with ReviewServer(session_in(tmp_path), "Anna") as server:
        serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        serving.start()
        assert json.loads(asked(server, "finish", {})[2]) == {"made": 0}
        serving.join(10)
        assert not serving.is_alive()
