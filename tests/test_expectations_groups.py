"""The suite of groups: every image has one, and each class comes from enough of them."""

from drawn_manifests import failures, sound

from expectations.groups import suite
from smearflow.settings import Data, Quality

ENOUGH = "each class comes from enough groups (patients)"


def test_few_patients_are_a_warning() -> None:
    (found,) = failures(sound(patients=19)).values()
    assert found.expectation == ENOUGH and found.severity == "warning" and found.bound == "20 or more"


def test_too_few_patients_stop_the_run() -> None:
    (found,) = failures(sound(patients=4), Quality(warn_class_groups=1)).values()
    assert found.severity == "critical" and found.observed == "Parasitized 4, Uninfected 4"


def test_an_image_that_is_used_needs_a_patient() -> None:
    manifest = sound()
    manifest.loc[5, "group"] = None
    found = failures(manifest)["every image that is used has a group"]
    assert found.severity == "critical" and found.first == (manifest["path"][5],)


def test_an_image_that_is_left_out_needs_none() -> None:
    manifest = sound()
    manifest.loc[5, ["group", "reason"]] = [None, "blank"]
    assert "every image that is used has a group" not in failures(manifest)


def test_the_same_image_under_two_patients_is_a_warning_that_names_both_files() -> None:
    manifest = sound()
    manifest["pixels"] = manifest["sha256"].str[-32:]
    manifest.loc[[3, 4], "pixels"] = "the same"
    manifest.loc[4, "reason"] = "duplicate"
    found = failures(manifest)["the same image is of one group (patient)"]
    assert (found.severity, found.observed) == ("warning", "2 of 200 (1 %)")
    assert found.first == tuple(manifest["path"][[3, 4]])


def test_so_are_changed_copies_of_it() -> None:
    manifest = sound()
    manifest.loc[[3, 4], "cluster"] = "alike"
    assert failures(manifest)["changed copies of an image are of one group (patient)"].unexpected == 2


def test_copies_of_one_patient_are_no_matter_of_theirs() -> None:
    manifest = sound(patients=1)
    manifest.loc[[3, 4], ["pixels", "cluster"]] = "the same"
    assert not any("of one group" in sentence for sentence in failures(manifest))


def test_where_every_image_stands_for_itself_nobody_is_asked() -> None:
    sentences = {rule.sentence for rule in suite(Data(group="image"), Quality())}
    assert not any("of one group" in sentence for sentence in sentences)
