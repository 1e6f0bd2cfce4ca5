"""The summary of a run that ended early: the error's own words, and null for what wasn't reached."""

import pytest

from smearflow.errors import DataError
from smearflow.settings import Settings
from smearflow.workspace import Workspace


@pytest.fixture
def run(tmp_path):
    from tasks.stage import Run

    return Run("run", Settings(), Workspace.at(tmp_path), "a-run")


@pytest.mark.parametrize(
    ("error", "why", "then"),
    [
        (DataError("Parasitized has 3 images", "add more"), "Parasitized has 3 images", "add more"),
        (KeyboardInterrupt(), "interrupted (KeyboardInterrupt)", "takes up what was finished"),
        (ZeroDivisionError("by zero"), "ZeroDivisionError: by zero", "a bug of smearflow"),
    ],
)
def test_a_failure_is_told_in_its_own_words(run, error, why, then):
    from tasks.summarise import summarise

    summary = summarise(run, error)
    assert (summary.status, summary.verdict.outcome) == ("failed", "failed")
    assert why in summary.verdict.why and then in summary.verdict.next
    assert summary.dataset is None and summary.champion is None and summary.prefect is None


def test_a_backbone_that_failed_is_in_it_with_its_reason(run):
    from smearflow.models.plans import Plan
    from smearflow.settings import Model
    from tasks.summarise import summarise
    from tasks.train import Attempt

    run.reached["train"] = [Attempt(Plan("VGG16", Model(name="VGG16"), None, None), None, "no weights")]
    (model,) = summarise(run).models
    assert (model.name, model.status, model.error, model.test) == ("VGG16", "failed", "no weights", None)


def test_the_manifest_is_as_far_as_the_run_came(run, tmp_path):
    from drawn_manifests import sound

    from expectations.contract import Contract
    from smearflow.data.manifest import manifest_of
    from tasks.deduplicate import Deduplicated
    from tasks.summarise import manifest_reached
    from tasks.validate import Checked

    scanned, compared, held = (manifest_of(sound(), tmp_path / stage, tmp_path, 200) for stage in "sdv")
    assert manifest_reached({}) is None
    reached = {"scan": scanned}
    assert manifest_reached(reached) == scanned
    reached["deduplicate"] = Deduplicated(compared, tmp_path, None, 0, 0, 0)
    assert manifest_reached(reached) == compared
    reached["validate"] = Checked(Contract(True, ()), held)
    assert manifest_reached(reached) == held


def test_what_is_to_be_known_of_a_training_is_in_it(run):
    from smearflow.models.plans import Plan
    from smearflow.settings import Model
    from tasks.summarise import summarise
    from tasks.train import Attempt
    from tasks.train_one import says
    from tests.drawn_models import trained

    model = trained("compact", note="memory ran out; trained with half the batch, 16 images a step")
    run.reached["train"] = [Attempt(Plan("compact", Model(name="compact"), None, None), model)]
    assert summarise(run).models[0].note == model.note
    assert f"| note | {model.note} |" in says(model)
