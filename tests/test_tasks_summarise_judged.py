"""What the summary says of the candidate: rules, rival, slices without a patient's name, abstention."""

from math import nan
from pathlib import Path

import pytest
from drawn_models import left_by_trainer
from drawn_predictions import predictions
from test_tasks_evaluate import evaluated_by

from smearflow.data.splitting import parts_of
from smearflow.evaluation.gate import decide
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.verdict import Evidence
from smearflow.settings import Settings
from smearflow.summary import Figure
from smearflow.workspace import Workspace
from tasks.gate import Gated
from tasks.stage import Run
from tasks.summarise_judged import figure_of, judged_parts, suspicion


def test_nothing_is_said_before_anything_was_judged() -> None:
    nothing = {"comparison": None, "abstention": None, "examined": None, "test_openings": None}
    assert judged_parts({}) == {"gate": (), "slices": (), **nothing}


def test_what_was_judged_is_told_and_no_patient_is_named(tmp_path: Path) -> None:
    table = predictions(images=3000, skill=3.0)
    evaluated = evaluated_by(tmp_path, {"compact": left_by_trainer(tmp_path / "compact", "compact", table)}, table)
    settings = Settings()
    verdict = decide(evaluated.judged, Evidence(), None, settings.gate, settings.data)
    told = judged_parts({"evaluate": evaluated, "gate": Gated(verdict, None)})
    assert [rule.name for rule in told["gate"]][:2] == ["sensitivity", "specificity"]
    assert told["gate"][0].state == "pass" and told["gate"][0].says.startswith("sensitivity is ")
    patients = [part for part in told["slices"] if part.kind == "patient"]
    assert len(patients) == 10 and {part.name for part in patients} == {"a patient"}
    assert told["abstention"].low < evaluated.judged.threshold < told["abstention"].high
    assert told["abstention"].share.value == pytest.approx(0.05, abs=0.03)
    assert told["comparison"] is None


def judged(tmp_path: Path, skill: float, **settings: object) -> Run:
    """A run over real cells that was measured on patients apart, as ``settings`` say otherwise."""
    table = predictions(images=3000, skill=skill)
    said = {"data": {"source": "cells"}, **settings}
    run = Run("run", Settings.model_validate(said), Workspace.at(tmp_path / "workspace"), "a-run")
    model = left_by_trainer(tmp_path / "compact", "compact", table)
    run.reached["evaluate"] = evaluated_by(tmp_path, {"compact": model}, table)
    run.reached["split"] = parts_of(table, tmp_path / "split.parquet", tmp_path)
    return run


def test_too_good_to_be_true_is_said_with_what_was_checked(tmp_path: Path) -> None:
    told = suspicion(judged(tmp_path, skill=6.0))
    assert told is not None and "of the test cells, by labels that nobody reviewed" in told
    assert "0 patients and 0 copies of images are in two sets; statistics that never see a picture reach" in told


@pytest.mark.parametrize(
    ("skill", "settings"),
    [
        (1.5, {}),
        (6.0, {"data": {"source": "demo"}}),
        (6.0, {"split": {"by": "image"}}),
        (6.0, {"data": {"group": "image"}}),
    ],
    ids=["as good as labels allow", "drawn cells", "a random split", "no patients known"],
)
def test_what_explains_itself_raises_no_suspicion(tmp_path: Path, skill: float, settings: dict[str, object]) -> None:
    assert suspicion(judged(tmp_path, skill, **settings)) is None


def test_what_was_not_measured_is_null() -> None:
    assert figure_of(Interval(nan, nan, nan)) == Figure(value=None, low=None, high=None)
