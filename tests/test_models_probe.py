"""The fastest engine that agrees with Keras is taken, and found again without trying (20 s: conversions)."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from smearflow.errors import TrainingError
from smearflow.models import probe
from smearflow.models.engines import Array, Engine, LiteRt, TensorFlow
from smearflow.models.probe import RECORD, Candidates, fastest, largest_error, typical_error
from tests.trained_cells import SIDE

GOLDEN = np.random.default_rng(0).integers(0, 256, (8, SIDE, SIDE, 3), dtype=np.uint8)


def candidates(last: Any, digest: str = "a network") -> Candidates:
    pixels = keras.Input((SIDE, SIDE, 3))
    network = keras.Model(pixels, last(keras.layers.GlobalAveragePooling2D()(pixels)))
    return Candidates(network, GOLDEN, digest, threads=1)


class Slow(TensorFlow):
    """TensorFlow, an engine that is off by 1 in 100."""

    name = "off by one in a hundred"

    def load(self, folder: Path, size: int, threads: int) -> Engine:
        engine = super().load(folder, size, threads)

        def spoilt(pixels: Array) -> Array:
            return 1.01 * engine(pixels)

        return spoilt


def test_what_was_found_is_kept_and_tried_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = candidates(keras.layers.Dense(2))
    chosen = fastest(wanted, tmp_path)
    assert "engines: LiteRT " in capsys.readouterr().out
    (home,) = (each for each in tmp_path.iterdir() if each.is_dir())
    found = json.loads((home / RECORD).read_text())
    assert found["engine"] == chosen.name and found["rates"][chosen.name] == chosen.rate
    assert {each.name for each in home.iterdir() if each.is_dir()} == {chosen.name}
    again = fastest(Candidates(None, GOLDEN, "a network", threads=1), tmp_path)  # no Keras model is needed for it
    assert (again.name, again.rate) == (chosen.name, chosen.rate)
    assert np.array_equal(again.engine(GOLDEN), chosen.engine(GOLDEN))
    assert capsys.readouterr().out == ""


def test_a_record_that_is_not_whole_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "runtimes_here", lambda precisions: [LiteRt()])
    wanted = candidates(keras.layers.Dense(2))
    fastest(wanted, tmp_path)
    (home,) = (each for each in tmp_path.iterdir() if each.is_dir())
    (home / "LiteRT" / "model.tflite").write_bytes(b"half")
    assert np.isfinite(fastest(wanted, tmp_path).engine(GOLDEN)).all()


def test_an_engine_that_says_something_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(probe, "runtimes_here", lambda precisions: [Slow(), TensorFlow()])
    chosen = fastest(candidates(keras.layers.Dense(2)), tmp_path)
    assert chosen.name == "tf.function"
    assert "off by one in a hundred isn't used: its features differ from Keras' by 0.01" in capsys.readouterr().out


def test_a_network_that_litert_cannot_run_is_run_by_another(tmp_path: Path) -> None:
    chosen = fastest(candidates(lambda x: keras.ops.erfinv(x / 300)), tmp_path)
    assert chosen.name != "LiteRT"
    assert chosen.refused["LiteRT"].startswith("it can't run this network (")
    assert np.isfinite(chosen.engine(GOLDEN)).all()


def test_features_that_are_no_numbers_are_nobodys(tmp_path: Path) -> None:
    spoilt = candidates(keras.layers.Dense(2, kernel_initializer=keras.initializers.Constant(np.nan)))
    with pytest.raises(TrainingError, match=r"No engine says what Keras says\..*LiteRT: its features differ .* by nan"):
        fastest(spoilt, tmp_path)
    assert not any(each.is_dir() for each in tmp_path.iterdir())


def test_engines_that_failed_before_are_left_out_until_none_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probe, "runtimes_here", lambda precisions: [LiteRt(), TensorFlow()])
    wanted = candidates(keras.layers.Dense(2))
    assert fastest(wanted, tmp_path, {"LiteRT": "it was wrong"}).name == "tf.function"
    with pytest.raises(TrainingError, match=r"LiteRT: it was wrong; tf\.function: it too"):
        fastest(wanted, tmp_path, {"LiteRT": "it was wrong", "tf.function": "it too"})


def test_noise_does_not_choose_between_engines_of_one_speed() -> None:
    assert probe._first_of({"LiteRT": 100.0, "OpenVINO f32": 139.0, "tf.function": 30.0}) == "LiteRT"
    assert probe._first_of({"LiteRT": 100.0, "OpenVINO f32": 141.0, "tf.function": 30.0}) == "OpenVINO f32"


def test_errors_are_relative_to_what_a_feature_reaches_or_to_its_spread() -> None:
    wanted = np.array([[100.0, 1.0, 0.0], [50.0, -20.0, 0.0]], np.float32)
    assert largest_error(wanted, wanted + np.array([0.0, 0.2, 0.0])) == pytest.approx(0.01)
    assert largest_error(wanted, wanted + np.array([0.0, 0.0, 0.1])) == pytest.approx(0.01)  # counts as 10
    assert np.isnan(largest_error(wanted, wanted * np.nan))
    assert typical_error(wanted, wanted + 1.0) == pytest.approx(1 / np.sqrt((2 * 25**2 + 2 * 10.5**2) / 6), rel=1e-4)
