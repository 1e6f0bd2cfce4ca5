"""What came of a training is read back by whoever waits for it elsewhere."""

from pathlib import Path

import pytest

from smearflow.models.jobs import RESULT, result_of
from tests.drawn_models import trained


def test_a_result_comes_back_as_it_was_left(tmp_path: Path) -> None:
    model = trained("MobileNetV2", tmp_path, note="half the batch")
    (tmp_path / RESULT).write_text(model.model_dump_json())
    assert result_of(tmp_path) == model


def test_where_nothing_was_trained_there_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        result_of(tmp_path)
