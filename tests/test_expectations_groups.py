"""The suite of groups: every image has one, and each class comes from enough of them."""

from drawn_manifests import failures, sound

from smearflow.settings import Quality

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
