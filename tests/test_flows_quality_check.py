"""`smearflow check`, and the same on a schedule: drawn cells of unseen patients, a real champion, a real server."""

import json
import time
from pathlib import Path

import httpx
import numpy as np
import pandas as pd
import pytest
from PIL import Image

from flows.quality_check import check_lines, drop_folder, next_step, quality_check
from smearflow.configuration import load_settings
from smearflow.data.manifest import as_manifest, manifest_of
from smearflow.data.synthetic import draw_cells
from smearflow.errors import MissingPart, SourceError
from smearflow.monitoring.batches import Batch, alone, take
from smearflow.monitoring.history import append, history_of, read
from smearflow.monitoring.judging import Judgement
from smearflow.monitoring.result import read_result
from smearflow.settings import Demo, QualityCheck, Settings
from smearflow.workspace import Workspace
from tests.drawn_checks import RESULT


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Cells of 14 patients whom the champion never met."""
    folder = tmp_path_factory.mktemp("new") / "cells"
    draw_cells(folder, Demo(images=210, patients=14, seed=7))
    return folder


@pytest.fixture
def settings(small: Path, tmp_path: Path) -> Settings:
    """The small job's, with a drop folder and an archive of the test's own."""
    (tmp_path / "drop").mkdir()
    how = f"quality_check={{drop: {tmp_path}/drop, archive: {tmp_path}/archive, settle: 0}}"
    return load_settings(small, [how])


def darker(source: Path, target: Path, factor: float) -> None:
    for file in sorted(source.rglob("*.png")):
        aside = target / file.relative_to(source)
        aside.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((np.asarray(Image.open(file).convert("RGB")) * factor).astype(np.uint8)).save(aside)


def events(api_url: str, batch: str, name: str = "smearflow.quality.alarm") -> list[dict[str, object]]:
    """The events about ``batch`` that the server has, waiting for them a while."""
    asked = {"filter": {"event": {"name": [name]}}}
    for _ in range(60):
        events = httpx.post(f"{api_url}/events/filter", json=asked).json()["events"]
        if found := [event for event in events if batch in str(event["payload"])]:
            return found
        time.sleep(0.5)
    return []


def test_unseen_patients_are_ok_and_labels_tell_how_right_the_champion_is(finished, smearflow, small, cells, workspace):
    done = smearflow("check", cells, "--json", "--config", small)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["verdict"], found["cells"], found["patients"]) == ("ok", 210, 14)
    assert {"name", "value", "threshold", "verdict"} <= set(found["checks"][0])
    accuracy = found["figures"]["accuracy"]
    assert accuracy["low"] <= accuracy["value"] <= accuracy["high"] and accuracy["champion"] is not None
    assert len(list(cells.rglob("*.png"))) == 210, "nothing is moved"
    assert read_result(workspace.checks / "latest.json").batch == found["batch"]
    assert found["batch"] in (workspace.checks / "index.html").read_text()
    told = history_of(workspace).read_text()
    assert not any(file.name in told for file in cells.rglob("*.png")), "no patient is named"


def test_dropped_darker_cells_alarm_once_and_go_to_the_archive(
    finished, cells, settings, workspace, prefect_server, tmp_path
):
    drop, archive = tmp_path / "drop", tmp_path / "archive"
    darker(cells, drop, 0.75)
    (drop / "C999P1ThinF_IMG_cell_1.png").write_bytes(b"no picture")
    (drop / "notes.txt").write_text("from site A")
    state = quality_check(settings, workspace.root, return_state=True)
    (result,) = state.result()
    assert result.verdict == "alarm" and result.scheduled
    assert (state.name, state.message) == ("Alarm", result.why) and state.is_completed()
    assert next(c for c in result.checks if c.name == "brightness").verdict == "alarm"
    (event,) = events(prefect_server.api_url, result.batch)
    assert event["resource"]["prefect.resource.id"] == "smearflow.champion.small-cells"
    assert event["payload"]["verdict"] == "alarm" and event["payload"]["checks"]
    (told,) = events(prefect_server.api_url, result.batch, "smearflow.labels.arrived")
    assert told["resource"]["prefect.resource.id"] == "smearflow.labels.small-cells"
    assert told["payload"]["why"] == f"210 labelled cells came with batch {result.batch}"
    assert [f.name for f in drop.rglob("*") if f.is_file() and f.name != "lock"] == ["notes.txt"]
    labelled = list((archive / "labelled" / "Parasitized" / result.batch).iterdir())
    assert len(labelled) + len(list((archive / "labelled" / "Uninfected" / result.batch).iterdir())) == result.cells
    left_out = {file.name for file in (archive / "left_out" / result.batch).iterdir()}
    assert left_out >= {"reasons.csv", "C999P1ThinF_IMG_cell_1.png"}
    before = len(read(history_of(workspace)))
    assert quality_check(settings, workspace.root) == ()
    assert len(read(history_of(workspace))) == before


def test_a_batch_that_was_judged_and_not_archived_is_archived_without_a_second_verdict(
    finished, cells, settings, workspace, prefect_server, tmp_path
):
    drop, archive = tmp_path / "drop", tmp_path / "archive"
    name = next(iter(cells.rglob("*.png"))).name
    (drop / name).write_bytes(next(iter(cells.rglob("*.png"))).read_bytes())
    with alone(drop):
        taken = take(drop, 0, "20260101-000000-dead")
    history = history_of(workspace)
    append(history, RESULT.model_copy(update={"batch": taken.name}))
    folder = workspace.checks / taken.name
    folder.mkdir(parents=True)
    row = {"path": name, "label": None, "reason": None, "error": None}
    pd.DataFrame([row]).to_parquet(folder / "cells.parquet")
    before = len(read(history))
    assert quality_check(settings, workspace.root) == ()
    assert (archive / "unlabelled" / taken.name / name).exists()
    assert len(read(history)) == before


def test_a_broken_batch_is_an_alarm_not_a_failure(finished, settings, workspace, prefect_server, tmp_path):
    for number in range(3):
        (tmp_path / "drop" / f"C{number}P1ThinF_IMG_cell.png").write_bytes(b"no picture")
    (result,) = quality_check(settings, workspace.root)
    assert (result.verdict, result.cells, result.left_out) == ("alarm", 0, 3)
    assert "breaks the data contract" in result.why
    assert result.contract[0] in result.why
    assert "verdict   alarm" in check_lines(result, workspace)[0]


@pytest.mark.parametrize(("verdict", "label"), [("alarm", None), ("alarm", "Parasitized"), ("ok", None)])
def test_cells_without_labels_of_a_flagged_batch_become_a_queue(tmp_path, verdict, label):
    workspace = Workspace.at(tmp_path)
    rows = as_manifest(pd.DataFrame([{"path": "a.png", "label": label}]))
    found = manifest_of(rows, tmp_path, tmp_path, 1)
    judgement = Judgement(verdict, "why", "Look at them.", 1, 0, 9, (), {})
    dropped, here = Batch("b 1", tmp_path, dropped=True), Batch("by-hand", tmp_path / "new", dropped=False)
    told = [next_step(judgement, batch, found, Settings(), workspace) for batch in (dropped, here)]
    if label or verdict == "ok":
        assert told == ["Look at them."] * 2
    else:
        assert told[0].startswith("Look at them. To label the cells that help most: smearflow review --cells ")
        assert f"'{tmp_path}/archive/unlabelled/b 1'" in told[0] and f"--cells {tmp_path}/new " in told[1]


def test_without_a_champion_the_way_out_is_told(prefect_server, tmp_path):
    with pytest.raises(MissingPart, match="no champion of malaria-cells") as raised:
        quality_check(Settings(), tmp_path)
    assert "smearflow run" in raised.value.fix


def test_a_path_that_is_not_there_is_a_matter_of_usage(finished, smearflow, small):
    done = smearflow("check", "nowhere", "--config", small)
    assert (done.returncode, done.stdout) == (2, "") and "nowhere" in done.stderr


def test_the_workspaces_own_drop_folder_is_made_another_must_be_there(tmp_path):
    workspace = Workspace.at(tmp_path)
    assert drop_folder(QualityCheck(), workspace).is_dir()
    with pytest.raises(SourceError, match="share"):
        drop_folder(QualityCheck(drop=str(tmp_path / "share")), workspace)
