"""The main job as a person runs it: one command, a real Prefect server, every stage real."""

import csv
import io
import json

import pandas as pd
import pytest
from PIL import Image

from smearflow.registry.champion import find_champion
from smearflow.registry.mlflow_store import local_uri
from smearflow.summary import Summary, read_summary

STAGES = [
    "ingest",
    "read_labels",
    "scan",
    "deduplicate",
    "validate",
    "split",
    "augment",
    "train",
    "evaluate",
    "examine",
    "gate",
    "register",
    "report",
]


@pytest.fixture(scope="module")
def summary(finished_summary) -> Summary:
    return finished_summary


def test_the_last_lines_say_verdict_report_page_model_and_how_to_stop(finished, summary):
    lines = dict(line.split(maxsplit=1) for line in finished.stdout.splitlines())
    assert lines["verdict"].startswith("promoted: ")
    assert lines["report"] == str(summary.paths.report)
    assert lines["Prefect"].endswith(f"/runs/flow-run/{summary.prefect.flow_run_id}")
    assert lines["model"].startswith("models:/small-cells@champion, version 1")
    assert "smearflow down --workspace" in lines["stop"]
    assert "Traceback" not in finished.stderr


def test_every_stage_is_one_line_of_the_summary_in_order(summary):
    assert [stage.name for stage in summary.stages] == STAGES
    assert {stage.state for stage in summary.stages} == {"completed"}


def test_every_regular_file_is_accounted_for(summary):
    data = summary.dataset
    files = [f for f in summary.paths.manifest.parents[2].glob("demo/*/**/*") if f.is_file()]
    assert data.images + data.quarantined + data.review + data.ignored == len(files)
    assert sum(data.classes.values()) == data.images == summary.split.train + summary.split.val + summary.split.test


def test_no_patient_is_in_two_sets(summary):
    split = pd.read_parquet(summary.paths.split)
    assert summary.split.shared_groups == summary.split.shared_duplicates == 0
    assert summary.split.added == split["group"].nunique() == 16
    assert (split.groupby("group")["split"].nunique() == 1).all()
    assert {"path", "sha256", "group", "split"} <= set(split.columns)


def test_both_backbones_were_trained_and_measured_with_intervals(summary):
    assert [(m.name, m.status) for m in summary.models] == [("compact", "ok"), ("MobileNetV2", "ok")]
    compact, control = summary.models
    assert compact.params == 98_289
    assert control.weights == "random"
    for model in summary.models:
        assert model.train_seconds > sum(model.seconds.values()) - 1
        assert model.seconds.keys() == {"import", "compile", "features", "fit"}
        assert model.test.auc.low <= model.test.auc.value <= model.test.auc.high


def test_what_the_summary_points_to_is_there(summary):
    for name, path in summary.paths:
        if name == "folders":  # split.folders is off
            continue
        assert path.is_absolute() and path.exists(), name
    assert {f.name for f in summary.paths.model.iterdir()} == {
        "model.keras",
        "model.json",
        "serving.py",
        "reference.parquet",
        "novelty.npz",
        "golden.parquet",
        "MODEL_CARD.md",
    }


def test_the_champion_is_provisional_the_first_time(summary, workspace):
    champion = find_champion(local_uri(workspace), "small-cells")
    assert (summary.champion.version, summary.champion.provisional) == (1, True)
    assert champion.threshold == json.loads((summary.paths.model / "model.json").read_text())["threshold"]


def test_an_unchanged_second_run_does_no_work_and_keeps_the_champion(finished, smearflow, small, workspace):
    again = smearflow("run", "--config", small)
    assert again.returncode == 0, again.stderr
    summary = read_summary(workspace.latest / "summary.json")
    states = {stage.name: stage.state for stage in summary.stages}
    assert {name for name, state in states.items() if state == "cached"} == {
        "scan", "deduplicate", "validate", "split", "augment", "train", "evaluate", "examine",
    }  # fmt: skip
    assert summary.verdict.outcome == "kept"
    assert (summary.split.added, summary.split.champion_apart) == (0, True)
    assert summary.champion.version == 1


def test_predict_scores_files_and_folders_and_names_the_unreadable(finished, smearflow, small, summary, tmp_path):
    cells = tmp_path / "new"
    cells.mkdir()
    Image.new("RGB", (130, 120), (200, 120, 130)).save(cells / "one.png")
    (cells / "broken.png").write_bytes(b"no picture")
    done = smearflow("predict", cells, "--config", small)
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["path"] for row in rows] == [str(cells / "broken.png"), str(cells / "one.png")]
    assert rows[0]["label"] == "" and rows[0]["error"]
    assert rows[1]["label"] in summary.dataset.classes
    assert rows[1]["decision"] == "out_of_distribution"  # one colour throughout is no cell
    as_json = smearflow("predict", cells / "one.png", "--json", "--config", small)
    assert json.loads(as_json.stdout)["probability"] == float(rows[1]["probability"])


def test_status_tells_server_champion_and_last_run(finished, smearflow, small, server):
    found = json.loads(smearflow("status", "--json", "--config", small).stdout)
    assert found["services"]["server"] == {"state": "running", "url": server.api_url, "pid": server.pid}
    assert found["champion"]["registry_name"] == "small-cells"
    assert found["last_run"]["command"] in ("run", "validate")


def test_a_candidate_below_its_floors_ends_with_status_1_and_the_champion_stays(finished, smearflow, small, workspace):
    floors = "gate={sensitivity: 1, specificity: 1, accuracy: 1, auc: 1}"
    done = smearflow("run", "--config", small, "--set", floors)
    assert done.returncode == 1
    lines = dict(line.split(maxsplit=1) for line in done.stdout.splitlines())
    assert lines["verdict"].startswith("none: ") and "below its floor of 100 %" in lines["verdict"]
    assert "stays" in lines["next"] and lines["model"].startswith("models:/small-cells@champion, version 1")
    summary = read_summary(workspace.latest / "summary.json")
    assert (summary.status, summary.verdict.outcome, summary.champion.version) == ("completed", "none", 1)
