"""What `smearflow review` does without its page: decisions from a file, the queue as a file, what it refuses."""

import csv
import socket
from pathlib import Path

import pytest
from drawn_review import decided, session_in

from flows.cli import main
from flows.review_commands import _written
from smearflow.data.decisions import read_decisions


@pytest.fixture
def told(capsys, monkeypatch, tmp_path):
    """Runs `smearflow review` in a workspace of its own: status, what it printed, what it complained of."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def tell(*arguments: object) -> tuple[int, str, str]:
        status = main(["review", "--workspace", str(tmp_path / "workspace"), *map(str, arguments)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return tell


def written(file: Path, text: str) -> Path:
    file.write_text(text)
    return file


def test_decisions_from_a_file_before_any_run(told, tmp_path):
    file = written(tmp_path / "back.csv", "file,label,reader,reason\na.png,uninfected,Anna,clean\nb.png,unsure,,\n")
    status, out, _ = told("--import", file, "--reader", "Bela")
    assert status == 0 and out.startswith("2 decisions taken in") and "No run has seen cells yet" in out
    words = [entry.decision for entry in read_decisions(tmp_path / "workspace" / "labels.csv")]
    assert [(word.file, word.decided, word.reader, word.queue) for word in words] == [
        ("a.png", "Uninfected", "Anna", "import"),
        ("b.png", "unsure", "Bela", "import"),
    ]
    assert told("--import", file, "--reader", "Bela")[1].startswith("0 decisions taken in")
    assert len(read_decisions(tmp_path / "workspace" / "labels.csv")) == 2


def test_a_file_with_a_bad_row_is_refused_whole(told, tmp_path):
    file = written(tmp_path / "back.csv", "file,label\na.png,Uninfected\nb.png,Platelet\n")
    status, _, complaint = told("--import", file)
    assert status == 2 and "line 3: 'Platelet'" in complaint
    assert not (tmp_path / "workspace" / "labels.csv").exists()


def test_the_queue_as_a_file_is_what_is_still_to_be_looked_at_worst_first(tmp_path):
    session = session_in(tmp_path)
    worst, *rest = session.order.worst
    decided(session.ledger, [worst], "unsure", "Anna")
    assert _written(session, tmp_path / "queue.csv", "Bela") == 39
    with (tmp_path / "queue.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["file", "sha256", "given", "score"]
    assert [row["sha256"] for row in rows] == rest
    assert float(rows[0]["score"]) > float(rows[-1]["score"])


def test_what_it_refuses_before_any_work(told, tmp_path):
    assert told("--reader", "=1")[0] == 2
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        status, _, complaint = told("--port", taken.getsockname()[1])
        assert status == 2 and "is taken" in complaint
    ledger = tmp_path / "workspace" / "labels.csv"
    decided(ledger, ["f" * 64], "unsure", "Anna")
    ledger.write_text(ledger.read_text().replace("unsure", "exclude"))
    status, _, complaint = told()
    assert status == 1 and "changed by another hand" in complaint
