"""The data contract as a whole: what it lets pass, what it stops, how it says so, and the pages it leaves behind."""

import socket
from pathlib import Path

import pytest
from drawn_manifests import failures, sound

from expectations.contract import Contract, check, error_of, rules_of
from smearflow.data.manifest import as_manifest
from smearflow.errors import DataError
from smearflow.settings import Data, Quality


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return check(sound(), Data(), Quality(), tmp_path_factory.mktemp("docs"))


def test_sound_data_pass_without_a_warning(passed: Contract) -> None:
    assert passed.passed
    assert passed.critical == passed.warnings == ()


def test_every_check_says_what_why_and_how_much(passed: Contract) -> None:
    for c in passed.checks:
        assert c.expectation and c.bound and c.observed and c.why.endswith(".") and c.fix.endswith(".")


def test_sentences_are_distinct() -> None:
    names = [(r.suite, r.sentence, r.severity) for r in rules_of(Data(), Quality())]
    assert len(names) == len(set(names))


def test_data_docs_hold_a_page_a_suite(passed: Contract) -> None:
    assert passed.docs is not None and passed.docs.name == "index.html"
    pages = {p.stem for p in (passed.docs.parent / "expectations").glob("*.html")}
    assert pages == {"files_of_images", "images_of_images", "classes_of_images", "classes_of_classes"} | {
        "groups_of_images",
        "groups_of_classes",
    }


def test_nothing_is_said_aloud_and_nothing_is_sent(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the contract asked for the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    check(sound(), Data(), Quality(), tmp_path / "docs")
    assert capfd.readouterr() == ("", "")


def test_a_broken_copy_stops_the_run_and_the_error_names_files_and_the_way_out() -> None:
    manifest = sound()
    manifest.loc[:29, "reason"] = "truncated"
    error = error_of(check(manifest, Data(), Quality(), None))
    assert isinstance(error, DataError) and error.exit_status == 1
    assert "files can be used as images of cells (at most 5 % can't): 30 of 200 (15 %): truncated 30" in error.what
    assert f"first: {', '.join(manifest['path'][:5])}" in error.what
    assert error.fix == "Copy the images again from where they came from, or raise quality.max_quarantined."


def test_a_warning_does_not_stop_a_run() -> None:
    manifest = sound()
    manifest.loc[3, "reason"] = "duplicate"
    contract = check(manifest, Data(), Quality(), None)
    assert contract.passed
    assert [c.first for c in contract.warnings] == [(manifest["path"][3],)]


def test_a_flat_folder_is_checked_for_files_and_images_only() -> None:
    manifest = as_manifest(sound().assign(label=None))
    contract = check(manifest, Data(), Quality(), None, labels_required=False)
    assert contract.passed
    assert {c.suite for c in contract.checks} == {"files", "images"}


def test_a_flat_folder_cannot_be_trained_on_and_the_error_says_what_to_do() -> None:
    manifest = as_manifest(sound().assign(label=None))
    error = error_of(check(manifest, Data(), Quality(), None))
    assert "every image lies in a class folder (at most 5 % don't): 200 of 200 (100 %)" in error.what
    assert error.fix.startswith("Sort the images into the folders Parasitized/ and Uninfected/")


def test_an_empty_manifest_is_an_error_not_a_crash() -> None:
    error = error_of(check(sound()[:0], Data(), Quality(), None))
    assert "there are images (1 or more): 0" in error.what


def test_a_folder_in_which_nothing_decodes_is_an_error_not_a_crash() -> None:
    blind = {"width": None, "height": None, "mode": None, "format": None, "group": None, "reason": "corrupt"}
    error = error_of(check(as_manifest(sound().assign(**blind)), Data(), Quality(), None))
    assert "200 of 200 (100 %): corrupt 200" in error.what


def test_of_very_many_faults_the_counted_ones_are_called_the_first() -> None:
    faulty = sound(600).assign(reason=["corrupt"] * 250 + [None] * 350)
    observed = failures(faulty)["every file can be used as an image of a cell"].observed
    assert observed.endswith(": corrupt 200 among the first 200")
