"""What will be trained is settled before any work starts: names resolved, weights found, reasons kept."""

import pytest

from smearflow.configuration import load_settings
from smearflow.errors import MissingPart, SettingsError
from smearflow.models.plans import plan_models


def plans(*overrides):
    return plan_models(load_settings(None, overrides))


def test_a_backbone_without_weights_carries_the_reason_and_the_others_go_on():
    compact, vgg = plans("models=[compact, {name: VGG16, weights: /nowhere/vgg16.h5}]")
    assert compact.error is None and compact.model.input_size == 96
    assert "/nowhere/vgg16.h5" in vgg.error and "weights: random" in vgg.error


def test_a_run_with_nothing_left_to_train_is_refused():
    with pytest.raises(MissingPart, match="No backbone is left to train"):
        plans("models=[VGG16]", "weights=/nowhere/vgg16.h5")


def test_several_of_one_name_are_told_apart_by_label_and_digest():
    first, second = plans("models=[{name: MobileNetV2, cut: block_3_expand_relu}, MobileNetV2]", "weights=random")
    assert (first.label, second.label) == ("MobileNetV2", "MobileNetV2 2")
    assert first.digest != second.digest


def test_weights_are_known_by_their_content(tmp_path):
    for name in ("a.h5", "b.h5"):
        (tmp_path / name).write_bytes(b"weights")
    one, other = (plans("models=[MobileNetV2]", f"weights={tmp_path / name}")[0] for name in ("a.h5", "b.h5"))
    assert one.weights_digest == other.weights_digest


def test_an_unknown_name_names_the_nearest():
    with pytest.raises(SettingsError, match="MobileNetV2"):
        plans("models=[MobilNetV2]")
