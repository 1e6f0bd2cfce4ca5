"""The list of backbones is Keras', names can be mistyped, and a bare name becomes full settings."""

import subprocess
import sys
from pathlib import Path

import pytest

from smearflow.errors import SettingsError
from smearflow.models.backbones import BACKBONES, HEAD_EPOCHS, find, names, resolve
from smearflow.settings import Lecture, Model, Train


def test_the_26_of_the_case_study_and_two_that_need_no_weights() -> None:
    assert len([row for row in BACKBONES if row.frozen]) == 26
    assert [row.name for row in BACKBONES if not row.frozen] == ["compact", "simple_cnn"]
    assert len(set(names())) == 28


def test_published_figures_are_those_of_the_case_study() -> None:
    row = find("MobileNetV2")
    assert (row.size_mb, row.top1, row.top5, row.params, row.depth, row.cpu_ms, row.gpu_ms) == (
        14, 0.713, 0.901, 3_538_984, 88, 25.90, 3.83,
    )  # fmt: skip


def test_a_mistyped_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(SettingsError, match="'MobileNetV3'; did you mean 'MobileNetV2'"):
        find("MobileNetV3")
    with pytest.raises(SettingsError, match="did you mean 'VGG19'"):
        find("vgg19")


def test_a_bare_name_gets_the_best_that_was_measured() -> None:
    model = resolve(Model(name="MobileNetV2"), None, Train(), Lecture())
    assert (model.input_size, model.weights, model.epochs) == (96, "imagenet", HEAD_EPOCHS)
    assert model.cut == ("block_3_expand_relu", "block_6_expand_relu")


def test_what_is_trained_whole_needs_no_weights_and_takes_the_epochs_of_train() -> None:
    model = resolve(Model(name="compact"), "imagenet", Train(epochs=7), Lecture())
    assert (model.input_size, model.weights, model.epochs, model.cut) == (96, "random", 7, None)


def test_weights_of_the_top_level_win_over_an_entrys_own() -> None:
    assert resolve(Model(name="VGG16", weights="imagenet"), "random", Train(), Lecture()).weights == "random"
    assert resolve(Model(name="VGG16", weights="random"), None, Train(), Lecture()).weights == "random"


def test_an_input_too_small_for_the_network_is_refused_with_the_size_to_set() -> None:
    with pytest.raises(SettingsError, match=r"Xception needs input_size 71 or more, got 64\nSet it to 128"):
        resolve(Model(name="Xception", input_size=64), None, Train(), Lecture())


def test_a_cut_makes_no_sense_where_nothing_is_frozen() -> None:
    with pytest.raises(SettingsError, match="compact is trained whole"):
        resolve(Model(name="compact", cut=("conv2d",)), None, Train(), Lecture())


def test_every_row_is_a_builder_of_keras() -> None:
    told = "import sys, keras; print([n for n in sys.argv[1:] if not callable(getattr(keras.applications, n, None))])"
    frozen = [row.name for row in BACKBONES if row.frozen]
    ran = subprocess.run([sys.executable, "-c", told, *frozen], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_names_are_known_without_tensorflow() -> None:
    told = "import sys, smearflow.models.plans, smearflow.models.training; print('tensorflow' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", told], cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "False"
