"""A trainer leaves a model that serves what it predicted. Three real trainings of small cells (25 s)."""

import json
from pathlib import Path

import pandas as pd
import pytest

from smearflow.models.scorer import score_rows
from smearflow.models.spec import Trained
from smearflow.models.training import run_trainer
from tests.trained_cells import spec_of, split_of_cells

LIMIT = 300
VANISHED = "Parasitized/C0_IMG_0.png"


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return split_of_cells(tmp_path_factory.mktemp("cells"))


@pytest.fixture(scope="module")
def whole(table: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, list[str]]:
    """compact, and the lines that its trainer said."""
    lines: list[str] = []
    trained = run_trainer(spec_of(table, tmp_path_factory.mktemp("compact"), name="compact"), LIMIT, lines.append)
    return trained, lines


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> tuple[Trained, list[str]]:
    """MobileNetV2 on random weights, cut early; the first file vanished after the scan."""
    table = split_of_cells(tmp_path_factory.mktemp("cells"))
    (table.parent / VANISHED).unlink()
    lines: list[str] = []
    cut = {"name": "MobileNetV2", "cut": "block_1_expand_relu", "weights": "random"}
    trained = run_trainer(spec_of(table, tmp_path_factory.mktemp("mobilenet"), **cut), LIMIT, lines.append)
    return trained, lines


def predictions(trained: Trained) -> pd.DataFrame:
    return pd.read_parquet(trained.folder / "predictions.parquet")


def test_compact_learns_and_has_the_parameters_of_the_design(whole: tuple[Trained, list[str]]) -> None:
    trained, _ = whole
    assert (trained.params, trained.epochs, trained.cut, trained.control) == (98_289, 8, None, False)
    curves = json.loads((trained.folder / "curves.json").read_text())
    assert [row["epoch"] for row in curves] == list(range(1, 9))
    assert set(curves[0]) == {"epoch", "loss", "accuracy", "val_loss", "val_accuracy", "val_auc"}
    assert curves[-1]["loss"] < curves[0]["loss"]
    assert curves[-1]["val_auc"] > 0.8


def test_every_image_of_every_set_has_a_prediction(whole: tuple[Trained, list[str]], table: Path) -> None:
    said = predictions(whole[0])
    assert list(said.columns) == ["path", "sha256", "label", "group", "split", "probability"]
    assert said.drop(columns="probability").equals(pd.read_parquet(table))
    assert said["probability"].between(0, 1).all()


def test_a_trainer_says_what_it_does_as_it_goes(whole: tuple[Trained, list[str]]) -> None:
    _, lines = whole
    assert [line.split()[0] for line in lines] == ["import", "decoded", *["epoch"] * 8, "saved"]


@pytest.mark.parametrize("which", ["whole", "frozen"])
def test_the_saved_model_says_what_the_trainer_predicted(
    which: str, request: pytest.FixtureRequest, table: Path
) -> None:
    trained: Trained = request.getfixturevalue(which)[0]
    rows = predictions(trained)
    served = score_rows(trained.folder / "bundle", rows, table.parent)
    assert served["probability"].tolist() == pytest.approx(rows["probability"].tolist(), abs=1e-3)


def test_augmentation_is_no_part_of_the_saved_model(whole: tuple[Trained, list[str]]) -> None:
    import keras

    network = keras.models.load_model(whole[0].folder / "bundle" / "model.keras")
    kinds = {type(layer).__name__ for layer in network.layers}
    assert kinds == {
        "InputLayer", "Rescaling", "Conv2D", "MaxPooling2D", "BatchNormalization", "ReLU",
        "GlobalMaxPooling2D", "Dropout", "Dense", "Activation",
    }  # fmt: skip


def test_the_result_tells_size_digest_and_seconds(whole: tuple[Trained, list[str]]) -> None:
    trained, _ = whole
    facts = json.loads((trained.folder / "result.json").read_text())
    assert set(facts["seconds"]) == {"import", "compile", "features", "fit"}
    assert len(trained.weights_digest) == 64
    assert trained.size_mb == (trained.folder / "bundle" / "model.keras").stat().st_size / 2**20
    assert trained.train_seconds > sum(facts["seconds"].values())


def test_the_bundle_serves_at_one_half_until_evaluation_sets_a_threshold(whole: tuple[Trained, list[str]]) -> None:
    facts = json.loads((whole[0].folder / "bundle" / "model.json").read_text())
    assert facts == {
        "name": "compact", "input_size": 32, "classes": ["Parasitized", "Uninfected"],
        "positive": "Parasitized", "threshold": 0.5,
    }  # fmt: skip


def test_random_frozen_layers_are_a_control_with_a_linear_head(frozen: tuple[Trained, list[str]]) -> None:
    trained, _ = frozen
    assert (trained.control, trained.weights, trained.cut) == (True, "random", "block_1_expand_relu")
    assert trained.trainable == 2 * 96 + 1  # average and maximum of 96 channels


def test_a_file_that_vanished_since_the_scan_is_named_and_left_out(frozen: tuple[Trained, list[str]]) -> None:
    trained, lines = frozen
    assert f"skipped {VANISHED}: it was readable in the scan, and isn't now" in lines
    said = predictions(trained)
    assert VANISHED not in set(said["path"])
    assert len(said) == 159


def test_the_same_spec_gives_the_same_weights(whole: tuple[Trained, list[str]], table: Path, tmp_path: Path) -> None:
    again = run_trainer(spec_of(table, tmp_path, name="compact"), LIMIT, print)
    assert again.weights_digest == whole[0].weights_digest


def test_it_trains_under_jax_where_that_is_installed(table: Path, tmp_path: Path) -> None:
    pytest.importorskip("jax")
    trained = run_trainer(spec_of(table, tmp_path, name="compact"), LIMIT, print, {"KERAS_BACKEND": "jax"})
    curves = json.loads((trained.folder / "curves.json").read_text())
    assert curves[-1]["loss"] < curves[0]["loss"]
    assert curves[-1]["val_auc"] > 0.8
