"""The verdict as a person reads it in Prefect's UI, and the way to the cells that it is about."""

from pathlib import Path

import pandas as pd

from smearflow.monitoring.judging import Judgement
from smearflow.registry.champion import Champion
from smearflow.settings import Evaluation, QualityCheck, Settings
from tasks.judge import judge, says
from tasks.score import Scored
from tests.drawn_patients import darker, patients, reference

CHAMPION = Champion("malaria-cells", 1, "compact", "d1", 0.5, False, "nowhere")
SETTINGS = Settings(evaluation=Evaluation(bootstrap=100), quality_check=QualityCheck(resamples=200))


def judged(folder: Path, cells: pd.DataFrame) -> Judgement:
    cells.to_parquet(folder / "scored.parquet")
    reference().to_parquet(folder / "reference.parquet")
    return judge.function(folder, Scored(folder / "scored.parquet", len(cells)), CHAMPION, folder, [], SETTINGS)


def test_an_alarm_leads_and_its_measures_stand_out(tmp_path: Path):
    told = says(judged(tmp_path, darker(patients(12, seed=2), 0.75)))
    assert told.startswith("# ALARM: 12 patients\n")
    assert "**Next:** Don't rely on the champion" in told
    assert "| **alarm** |" in told and "| labelled cells |" in told


def test_without_a_comparison_and_labels_there_is_no_empty_table(tmp_path: Path):
    told = says(judged(tmp_path, patients(3, seed=2).assign(label=pd.NA)))
    assert told.startswith("# OK: 3 patients\n") and "|" not in told


def test_cells_that_were_not_scored_are_not_judged(tmp_path: Path):
    cells = patients(12, seed=2)
    lost = cells["group"] == cells["group"].iloc[0]
    assert judged(tmp_path, cells.assign(probability=cells["probability"].mask(lost))).patients == 11
