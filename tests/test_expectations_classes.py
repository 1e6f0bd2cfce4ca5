"""The suite of classes: known labels, enough of each, none a rarity, none lost."""

import pandas as pd
import pytest
from drawn_manifests import failures, sound

from smearflow.settings import Quality

MINORITY = "the smaller class holds its share of the images"
BALANCED = "the classes are balanced"


def unbalanced(share: float) -> pd.DataFrame:
    """400 images, of which ``share`` are Parasitized."""
    labels = ["Parasitized" if i < 400 * share else "Uninfected" for i in range(400)]
    return sound(400).assign(label=labels, group=[f"C{i % 25}" for i in range(400)])


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.40, set()), (0.39, {BALANCED}), (0.20, {BALANCED}), (0.19, {BALANCED, MINORITY})],
)
def test_balance_warns_below_40_percent_and_stops_below_20(share: float, expected: set[str]) -> None:
    assert failures(unbalanced(share)).keys() == expected


def test_what_was_found_is_said_of_each_class() -> None:
    found = failures(unbalanced(0.19))[MINORITY]
    assert found.observed == "Parasitized 19 %, Uninfected 81 %" and found.bound == "20 % or more"
    assert found.unexpected == 1 and found.first == ()


def test_a_missing_class_stops_the_run() -> None:
    found = failures(sound().assign(label="Uninfected"))
    assert found["each class has enough images"].observed == "Parasitized 0, Uninfected 200"


def test_a_few_strangers_are_left_out_with_a_warning() -> None:
    manifest = sound()
    manifest.loc[:2, ["label", "reason"]] = ["Leukocyte", "unknown_class"]
    assert failures(manifest).keys() == {"no image lies outside Parasitized, Uninfected"}


def test_misspelt_folders_stop_the_run() -> None:
    manifest = sound()
    wrong = manifest["label"] == "Parasitized"
    manifest.loc[wrong, ["label", "reason"]] = ["parasitised", "unknown_class"]
    found = failures(manifest)["the label is one of Parasitized, Uninfected"]
    assert found.severity == "critical" and found.observed == "100 of 200 (50 %): parasitised 100"


def test_images_that_wait_for_a_label_are_left_out_with_a_warning_however_many_they_are() -> None:
    manifest = sound(400)
    waiting = manifest.index[~manifest["path"].str.contains("_cell_1")]  # most of them
    manifest.loc[waiting, "label"] = None
    manifest.loc[waiting, "reason"] = "unlabelled"
    found = failures(manifest, Quality(min_class_images=10, minority_warning=0.2))
    assert found.keys() == {"no image waits for a label"}
    assert found["no image waits for a label"].unexpected == len(waiting) > 200


def test_an_image_with_two_labels_is_a_warning() -> None:
    manifest = sound()
    manifest.loc[[0, 199], "reason"] = "label_conflict"
    (found,) = failures(manifest).values()
    assert found.expectation == "no image has two labels" and found.unexpected == 2


def test_a_class_that_lost_more_than_its_share_stops_the_run() -> None:
    manifest = sound(400)
    infected = manifest.index[manifest["label"] == "Parasitized"][:12]
    manifest.loc[infected, "reason"] = "blurred"  # 3 % of all files, 6 % of this class
    found = failures(manifest)["no class lost many files to the quarantine"]
    assert found.severity == "critical" and found.observed == "Parasitized 6 %, Uninfected 0 %"


def test_classes_that_differ_in_format_are_a_warning() -> None:
    manifest = sound()
    manifest.loc[:9, "format"] = "JPEG"
    assert failures(manifest).keys() == {"the images of a class are in one format"}


def test_a_class_may_have_a_budget_of_its_own() -> None:
    manifest = sound(400)
    infected = manifest.index[manifest["label"] == "Parasitized"][:12]
    manifest.loc[infected, "reason"] = "blurred"  # 6 % of this class
    lost = "no class lost many files to the quarantine"
    assert lost not in failures(manifest, Quality(max_class_quarantined=0.06))
    assert failures(manifest, Quality(max_class_quarantined=0.05))[lost].bound == "at most 5 % each"
    assert lost not in failures(manifest, Quality(max_quarantined=0.06))
