"""The gate as a stage: who is a candidate, and what the UI says of it."""

import pytest
from drawn_models import trained
from drawn_predictions import predictions

from smearflow.evaluation.scoring import score
from smearflow.settings import Evaluation, Settings
from smearflow.workspace import Workspace


@pytest.fixture
def judged(tmp_path):
    """Judges models of (name, skill, whether it is a control) as the flow's stage does, in an empty registry."""
    from tasks.evaluate import Evaluated
    from tasks.gate import gate

    def judge(*models):
        found = tuple(
            score(name, name, predictions(skill=skill), "Parasitized", Evaluation(bootstrap=100))
            for name, skill, _ in models
        )
        known = {name: trained(name, control=control) for name, _, control in models}
        return gate.function(tmp_path, Evaluated(tmp_path, found), known, None, Settings(), Workspace.at(tmp_path))

    return judge


def test_the_best_on_validation_is_promoted_provisionally_where_there_is_no_champion(judged):
    verdict = judged(("compact", 3.0, False), ("MobileNet", 2.0, False)).verdict
    assert (verdict.outcome, verdict.candidate, verdict.provisional) == ("promote", "compact", True)


def test_a_control_is_no_candidate_beside_a_real_model(judged):
    assert judged(("compact", 2.0, False), ("MobileNetV2", 3.0, True)).verdict.candidate == "compact"
    assert judged(("MobileNetV2", 3.0, True)).verdict.candidate == "MobileNetV2"


def test_the_page_leads_with_the_verdict(judged):
    from tasks.gate import says

    assert says(judged(("compact", 3.0, False))).startswith("# Promoted: compact")
    assert says(judged(("compact", 0.1, False))).startswith("# Not good enough: compact")
