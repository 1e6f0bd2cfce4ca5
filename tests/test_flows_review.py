"""From the first key on the page to the run that learns from it: the command, a browser, a file of labels, a run."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser import Browser, browser

from smearflow.data.decisions import read_decisions
from smearflow.data.manifest import content_digest, read_manifest
from smearflow.service.prefect_server import Server
from smearflow.summary import read_summary
from smearflow.workspace import Workspace

CHECKOUT = Path(__file__).resolve().parent.parent
SMALLEST = ("--set", "models=[{name: compact, input_size: 32}]", "--set", "train.batch_size=8")
QUIET = "pending === 0 && document.querySelector('#stage img')"
Told = Callable[..., list[str]]


@pytest.fixture
def place(tmp_path: Path) -> Workspace:
    """A workspace without runs: what is decided here mustn't reach the session's."""
    return Workspace.at(tmp_path / "workspace")


@pytest.fixture
def command(place: Workspace, server: Server, small: Path) -> Told:
    """The words of a command of the small job with its smallest model, on the session's server."""

    def words(verb: str, *arguments: object) -> list[str]:
        told = ["--workspace", place.root, "--config", small, *SMALLEST, *arguments]
        return [sys.executable, "-m", "flows.cli", verb, *map(str, told)]

    return words


@pytest.fixture
def started(server: Server) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Starts a command; what of them still runs ends with the test."""
    running: list[subprocess.Popen[str]] = []
    environment = {**os.environ, "PREFECT_API_URL": server.api_url, "SMEARFLOW_WEIGHTS_DIR": ""}

    def start(words: list[str]) -> "subprocess.Popen[str]":
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            words, cwd=CHECKOUT, env=environment, stdout=pipe, stderr=subprocess.STDOUT, text=True
        )
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.communicate()


def address_of(process: "subprocess.Popen[str]") -> str:
    """Where the page of a review is, once it is there."""
    told = []
    for line in process.stdout or ():
        told.append(line)
        if line.startswith("review "):
            return line.split()[1]
    raise AssertionError("".join(told))


def press(page: Browser, keys: str) -> None:
    for key in keys:
        page.key(key)
        page.until(QUIET)


def test_what_a_person_decides_is_what_the_next_run_learns_from(
    command: Told,
    started: Callable[..., "subprocess.Popen[str]"],
    place: Workspace,
    tmp_path: Path,
) -> None:
    review = started(command("review", "--reader", "Anna"))
    address = address_of(review)
    with browser(tmp_path / "profile") as page:
        page.open(address)
        page.until(QUIET)
        press(page, "krkkrkukkx")
        page.reload()
        page.until(QUIET)
        press(page, "rz" + "krkkkkkkkk")
        assert "20 of " in page.text("#pace") and not page.errors
        other = page.evaluate("[cells[0].file, cells[0].given]")
        page.evaluate("at('finish').click()")
        page.until("!at('done').hidden")
    said, _ = review.communicate(timeout=30)
    assert review.returncode == 0 and "20 decisions made" in said
    (seen,) = place.artifacts.glob("deduplicate/*/manifest.parquet")
    before = content_digest(read_manifest(seen))

    label = "Parasitized" if other[1] == "Uninfected" else "Uninfected"
    (tmp_path / "back.csv").write_text(f"file,label,reader,reason\n{other[0]},{label},Bela,by the microscope\n")
    taken = started(command("review", "--import", tmp_path / "back.csv"))
    assert taken.wait(60) == 0
    assert [e.decision.reader for e in read_decisions(place.labels)] == ["Anna"] * 22 + ["Bela"]

    run = started(command("run"))
    told, _ = run.communicate(timeout=300)
    assert run.returncode == 0, told
    summary = read_summary(place.latest / "summary.json")
    assert summary.paths.manifest and summary.dataset and summary.truths
    cells = read_manifest(summary.paths.manifest)
    assert summary.dataset.digest == content_digest(cells) != before  # the same cells, other labels
    sources = cells["label_source"].value_counts()
    assert (sources["relabelled"], sources["kept"], sources["unsure"], sources["excluded"]) == (4, 15, 1, 1)
    changed = cells[cells["label_source"] == "relabelled"]
    assert (changed["label"] != changed["label_given"]).all() and changed["path"].str.endswith(other[0]).any()
    assert summary.truths.reviewed > 0  # of the test set; both truths are told of each model
    assert [(model.name, model.given is not None) for model in summary.truths.models] == [("compact", True)]
