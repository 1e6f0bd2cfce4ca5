"""The gate as a stage: what it holds the candidate against, and what the UI says of it."""

from pathlib import Path

import pytest
from drawn_models import left_by_trainer
from drawn_predictions import predictions
from test_tasks_evaluate import evaluated_by

from smearflow.settings import Settings
from smearflow.workspace import Workspace
from tasks.evaluate import Evaluated
from tasks.gate import Gated, evidence_on, gate, says


def measured(folder: Path, skill: float) -> Evaluated:
    """A model that parts the classes by ``skill``, measured."""
    table = predictions(skill=skill)
    return evaluated_by(folder, {"compact": left_by_trainer(folder / "compact", "compact", table)}, table)


@pytest.fixture
def evaluated(tmp_path: Path) -> Evaluated:
    """A model that tells the classes apart, measured."""
    return measured(tmp_path, 3.0)


def gated(evaluated: Evaluated, tmp_path: Path, settings: Settings) -> Gated:
    """The verdict in an empty registry."""
    return gate.function(tmp_path, evaluated, None, settings, Workspace.at(tmp_path / "workspace"))  # type: ignore[arg-type]


def test_the_candidate_is_promoted_provisionally_where_there_is_no_champion(evaluated, tmp_path):
    found = gated(evaluated, tmp_path, Settings())
    assert (found.verdict.outcome, found.verdict.candidate, found.verdict.provisional) == ("promote", "compact", True)
    assert found.champion is None and found.comparison is None
    assert says(found).startswith("# Promoted: compact")
    assert "| sensitivity | at least 0.85 | sensitivity is " in says(found)


def test_what_misses_a_floor_is_not_good_enough(tmp_path):
    assert says(gated(measured(tmp_path, 0.1), tmp_path, Settings())).startswith("# Not good enough: compact")


def test_it_knows_by_how_much_statistics_alone_are_beaten(evaluated):
    lead = evidence_on(evaluated).lead
    assert lead is not None and lead.low > 0
