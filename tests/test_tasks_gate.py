"""The gate as a stage: what it holds the candidate against, and what the UI says of it."""

from pathlib import Path

import pytest
from drawn_models import left_by_examination, left_by_trainer
from drawn_predictions import predictions
from test_tasks_evaluate import evaluated_by

from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.evaluate import Evaluated
from tasks.examine import Examined
from tasks.gate import Gated, evidence_on, gate, says


def measured(folder: Path, skill: float) -> tuple[Evaluated, Examined]:
    """A model that parts the classes by ``skill``, measured and examined."""
    table = predictions(skill=skill)
    model = left_by_trainer(folder / "compact", "compact", table)
    return evaluated_by(folder, {"compact": model}, table), left_by_examination(folder / "examined", model)


@pytest.fixture
def judged(tmp_path: Path) -> tuple[Evaluated, Examined]:
    """A model that tells the classes apart, measured and examined."""
    return measured(tmp_path, 3.0)


def gated(judged: tuple[Evaluated, Examined], tmp_path: Path, settings: Settings) -> Gated:
    """The verdict in an empty registry."""
    return gate.function(tmp_path, *judged, None, settings, Workspace.at(tmp_path / "workspace"))  # type: ignore[arg-type]


def test_the_candidate_is_promoted_provisionally_where_there_is_no_champion(judged, tmp_path):
    found = gated(judged, tmp_path, Settings())
    assert (found.verdict.outcome, found.verdict.candidate, found.verdict.provisional) == ("promote", "compact", True)
    assert found.champion is None and found.comparison is None
    assert says(found).startswith("# Promoted: compact")
    assert "| sensitivity | at least 0.85 | sensitivity is " in says(found)


def test_what_misses_a_floor_is_not_good_enough(tmp_path):
    assert says(gated(measured(tmp_path, 0.1), tmp_path, Settings())).startswith("# Not good enough: compact")


def test_it_knows_what_was_found_out_beside_the_scores(judged):
    found = evidence_on(*judged)
    assert found.lead is not None and found.lead.low > 0
    assert (found.size_mb, found.latency_ms, found.parity) == (0.42, 2.5, 1e-6)
    assert {name.split()[0] for name in found.gaps} == {"accuracy", "sensitivity"}
