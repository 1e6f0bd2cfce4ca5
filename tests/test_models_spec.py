"""What passes between the flow and its processes: JSON, complete, and closed to what isn't known."""

import json
from pathlib import Path

import pytest
from drawn_models import trained
from pydantic import ValidationError

from smearflow.models.spec import Seconds, SheetSpec, Trained, TrainSpec
from smearflow.settings import Augment, Model
from tests.trained_cells import spec_of


@pytest.fixture
def spec(tmp_path: Path) -> TrainSpec:
    return spec_of(tmp_path / "split.parquet", tmp_path / "out", name="MobileNetV2", weights="random")


def test_a_spec_comes_out_of_json_as_it_went_in(spec: TrainSpec) -> None:
    again = TrainSpec.model_validate_json(spec.model_dump_json())
    assert again == spec
    assert again.input_size == 32


def test_a_model_that_was_not_resolved_is_refused(spec: TrainSpec) -> None:
    told = spec.model_dump() | {"model": Model(name="VGG16")}
    with pytest.raises(ValidationError, match=r"VGG16 isn't resolved: see smearflow.models.backbones.resolve"):
        TrainSpec.model_validate(told)


def test_a_key_that_nobody_knows_is_refused(spec: TrainSpec) -> None:
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        TrainSpec.model_validate(spec.model_dump() | {"gpu": 0})


@pytest.mark.parametrize("wrong", [{"images": 1}, {"copies": 0}])
def test_a_sheet_shows_a_cell_of_each_class_and_a_copy_at_least(wrong: dict[str, int], tmp_path: Path) -> None:
    told = {"parts": tmp_path, "root": tmp_path, "augment": Augment(), "seed": 1, "out": tmp_path}
    with pytest.raises(ValidationError, match="greater than or equal to"):
        SheetSpec.model_validate(told | wrong)


def test_seconds_have_the_words_of_the_summary_in_json_and_python_names_in_code() -> None:
    seconds = Seconds(importing=6, compiling=1, features=4, fit=30)
    assert json.loads(seconds.model_dump_json()) == {"import": 6, "compile": 1, "features": 4, "fit": 30}
    assert Seconds.model_validate_json(seconds.model_dump_json()) == seconds


def test_a_result_is_found_again_wherever_its_folder_was_moved_to(tmp_path: Path) -> None:
    model = trained("compact", tmp_path / "aside")
    facts = json.loads(model.model_dump_json(exclude={"folder"}))
    assert Trained(**facts, folder=tmp_path / "final") == model.model_copy(update={"folder": tmp_path / "final"})
