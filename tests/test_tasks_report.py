"""Report as a stage: as much as the run has reached, in one file, however the run ended."""

from pathlib import Path

import pandas as pd
import pytest
from drawn_findings import SETS, checks, draw_folder, predicted
from drawn_models import CURVES, left_by_trainer

from expectations.contract import Contract
from smearflow.data.manifest import manifest_of, usable, write_manifest
from smearflow.data.sources import Place, Source
from smearflow.data.splitting import parts_of
from smearflow.evaluation.gate import decide
from smearflow.evaluation.verdict import Evidence
from smearflow.models.plans import Plan
from smearflow.settings import Evaluation, Model, Settings
from smearflow.workspace import Workspace
from tasks.evaluate import evaluate
from tasks.gate import Gated
from tasks.report import SHOWN, findings_of, report, says, write_report
from tasks.stage import Run
from tasks.train import Attempt
from tasks.validate import Checked, ContractBroken

HOW = Evaluation(bootstrap=100)


@pytest.fixture
def scanned(tmp_path: Path) -> Run:
    """A run that has scanned the 48 cells that it drew, three of them faulty."""
    manifest = draw_folder(tmp_path / "cells")
    write_manifest(manifest, tmp_path)
    run = Run("run", Settings(evaluation=HOW), Workspace.at(tmp_path / "workspace"), "20261124-090000")
    cells = tmp_path / "cells"
    run.reached["ingest"] = Source(
        cells, (Place(cells, 48),), tmp_path / "listing.parquet", tmp_path / "apart.parquet", "digest", 48, 0, 0, 0
    )
    run.reached["scan"] = manifest_of(manifest, tmp_path, cells, 48)
    return run


@pytest.fixture
def finished_run(scanned: Run, tmp_path: Path) -> Run:
    """The same, come to its verdict: compact was trained and judged, VGG19 has no weights."""
    rows = usable(pd.read_parquet(tmp_path / "manifest.parquet"))[["path", "sha256", "label", "group"]]
    split = rows.assign(split=rows["group"].map(SETS))
    split.to_parquet(tmp_path / "split.parquet")
    model = left_by_trainer(tmp_path / "compact", "compact", predicted(split, 0.3))
    parts = parts_of(split, tmp_path / "split.parquet", tmp_path / "cells")
    measured = (tmp_path / "manifest.parquet", parts, "Parasitized", HOW)
    evaluated = evaluate.function(tmp_path / "evaluated", {"compact": model}, *measured)
    verdict = decide(evaluated.judged, Evidence(), None, scanned.settings.gate, scanned.settings.data)
    missing = Plan("VGG19", Model(name="VGG19"), None, None, error="no weights of VGG19")
    trained = Attempt(Plan("compact", Model(name="compact"), None, None), model)
    scanned.reached |= {
        "split": parts,
        "train": [trained, Attempt(missing, None, missing.error)],
        "evaluate": evaluated,
        "gate": Gated(verdict, None),
    }
    return scanned


def test_a_finished_run_is_reported_in_one_file_beside_its_summary(finished_run: Run) -> None:
    page = report.function(finished_run.folder, finished_run)
    assert page == finished_run.folder / "report.html"
    html = page.read_text()
    assert all(f'id="{name}"' in html for name in ("data", "split", "models", "mistakes", "quarantine", "run"))
    assert "no weights of VGG19" in html
    assert [f.name for f in page.parent.iterdir()] == ["report.html"]


def test_findings_are_what_the_stages_left_on_disk(finished_run: Run) -> None:
    found = findings_of(finished_run, None)
    evaluated = finished_run.reached["evaluate"]
    assert found.manifest is not None and len(found.manifest) == 48
    assert found.split is not None and len(found.split) == 45
    assert found.curves == {"compact": CURVES}  # none of a backbone that wasn't trained
    assert found.candidate == "compact" and found.judged == evaluated.scores[0]
    assert found.mistakes is not None and found.mistakes.equals(evaluated.mistakes("compact"))
    assert found.digests["data"] == finished_run.reached["scan"].digest
    assert set(found.versions) == set(SHOWN)


def test_a_run_that_the_contract_stopped_leads_with_why_and_what_to_do(scanned: Run, tmp_path: Path) -> None:
    contract = Contract(False, checks(pd.read_parquet(tmp_path / "manifest.parquet")), None)
    broken = Checked(contract, scanned.reached["scan"])
    scanned.reached["validate"] = broken
    html = write_report(scanned.folder, scanned, ContractBroken(broken)).read_text()
    assert "files can be used" in html and "Copy the images again" in html
    assert html.index("Copy the images again") < html.index('id="data"')
    assert 'id="models"' not in html


def test_a_run_that_reached_nothing_still_has_a_report(tmp_path: Path) -> None:
    run = Run("run", Settings(), Workspace.at(tmp_path), "a-run")
    found = findings_of(run, OSError("the disk is full"))
    assert found.manifest is found.split is found.mistakes is None
    assert found.scores == () and found.curves == {} and found.digests == {}
    assert "the disk is full" in write_report(run.folder, run, OSError("the disk is full")).read_text()


def test_the_ui_says_where_it_is(tmp_path: Path) -> None:
    told = says(tmp_path / "report.html")  # no page of reports runs, so there is no address
    assert told.startswith("# The report is written\n")
    assert f"Open it from disk: `{tmp_path / 'report.html'}`" in told
