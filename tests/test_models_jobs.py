"""What came of a training is read back by whoever waits for it elsewhere."""

from pathlib import Path

import pytest

from smearflow.errors import MissingPart
from smearflow.models.jobs import RESULT, result_of, with_weights_here
from smearflow.models.plans import Plan
from smearflow.settings import Model
from smearflow.workspace import file_digest
from tests.drawn_models import trained


def test_a_result_comes_back_as_it_was_left(tmp_path: Path) -> None:
    model = trained("MobileNetV2", tmp_path, note="half the batch")
    (tmp_path / RESULT).write_text(model.model_dump_json())
    assert result_of(tmp_path) == model


def test_where_nothing_was_trained_there_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        result_of(tmp_path)


def test_weights_are_taken_where_they_lie_on_the_workers_machine(tmp_path: Path) -> None:
    here = tmp_path / "here.weights.h5"
    here.write_bytes(b"weights")
    model = Model(name="VGG19", weights=str(here))
    plan = Plan("VGG19", model, Path("/another/machine/vgg19.h5"), file_digest(here))
    assert with_weights_here(plan).weights_file == here
    assert with_weights_here(plan).digest == plan.digest
    other = Plan("VGG19", model, Path("/another/machine/vgg19.h5"), "of other weights")
    with pytest.raises(MissingPart, match="VGG19: its weights here aren't those of the retraining"):
        with_weights_here(other)


def test_a_plan_without_weights_needs_none() -> None:
    plan = Plan("compact", Model(name="compact"), None, None)
    assert with_weights_here(plan) is plan
