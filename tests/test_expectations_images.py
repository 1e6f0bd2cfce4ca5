"""The suite of images: of a cell's size, in colour."""

from drawn_manifests import failures, sound

from smearflow.settings import Quality


def test_whole_fields_of_view_are_not_cells() -> None:
    manifest = sound()
    manifest.loc[:19, "width"] = 2592
    (found,) = failures(manifest).values()
    assert found.expectation == "width between 24 and 512 px" and found.severity == "critical"
    assert found.observed == "20 of 200 (10 %): 2592 20" and found.first == tuple(manifest["path"][:5])


def test_bounds_of_size_come_from_the_settings_and_belong_to_the_allowed() -> None:
    manifest = sound().assign(width=600, height=600)
    assert not failures(manifest, Quality(max_side=600))
    assert failures(manifest, Quality(max_side=599)).keys() == {
        f"{s} between 24 and 599 px" for s in ("width", "height")
    }


def test_a_few_grey_images_are_a_warning() -> None:
    manifest = sound()
    manifest.loc[7, "mode"] = "L"
    (found,) = failures(manifest).values()
    assert found.severity == "warning" and found.first == (manifest["path"][7],)


def test_modes_that_need_a_guess_are_critical() -> None:
    found = failures(sound().assign(mode="CMYK"))
    assert {c.severity for c in found.values()} == {"critical", "warning"}


def test_what_did_not_decode_has_no_size_to_judge() -> None:
    manifest = sound()
    manifest.loc[:4, ["width", "height", "mode", "format"]] = None
    manifest.loc[:4, "reason"] = "truncated"
    assert failures(manifest).keys() == {"every file can be used as an image of a cell"}
