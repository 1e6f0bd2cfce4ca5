"""The data contract as a whole: what it lets pass, what it stops, how it says so, and the pages it leaves behind."""

import socket
from pathlib import Path

import pytest
from drawn_manifests import failures, sound
from drawn_suite import WITHDRAWN

from expectations.contract import Contract, check, error_of, rules_of
from expectations.extensions import find_extensions
from smearflow.data.manifest import as_manifest, usable
from smearflow.errors import DataError
from smearflow.settings import Data, Quality


@pytest.fixture(scope="module")
def passed(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return check(sound(), Data(), Quality(), tmp_path_factory.mktemp("docs"))[0]


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
    error = error_of(check(manifest, Data(), Quality(), None)[0])
    assert isinstance(error, DataError) and error.exit_status == 1
    assert "files can be used as images of cells (at most 5 % can't): 30 of 200 (15 %): truncated 30" in error.what
    assert f"first: {', '.join(manifest['path'][:5])}" in error.what
    assert error.fix == "Copy the images again from where they came from, or raise quality.max_quarantined."


def test_a_warning_does_not_stop_a_run() -> None:
    manifest = sound()
    manifest.loc[3, "reason"] = "duplicate"
    contract, _ = check(manifest, Data(), Quality(), None)
    assert contract.passed
    assert [c.first for c in contract.warnings] == [(manifest["path"][3],)]


def test_a_flat_folder_is_checked_for_files_and_images_only() -> None:
    manifest = as_manifest(sound().assign(label=None))
    contract, _ = check(manifest, Data(), Quality(), None, labels_required=False)
    assert contract.passed
    assert {c.suite for c in contract.checks} == {"files", "images"}


def test_a_flat_folder_cannot_be_trained_on_and_the_error_says_what_to_do() -> None:
    manifest = as_manifest(sound().assign(label=None))
    error = error_of(check(manifest, Data(), Quality(), None)[0])
    assert "every image that is used has a label (no exception): 200 of 200 (100 %)" in error.what
    assert error.fix.startswith("Sort the images into the folders Parasitized/ and Uninfected/")


def test_an_empty_manifest_is_an_error_not_a_crash() -> None:
    error = error_of(check(sound()[:0], Data(), Quality(), None)[0])
    assert "there are images (1 or more): 0" in error.what


def test_a_folder_in_which_nothing_decodes_is_an_error_not_a_crash() -> None:
    blind = {"width": None, "height": None, "mode": None, "format": None, "group": None, "reason": "corrupt"}
    error = error_of(check(as_manifest(sound().assign(**blind)), Data(), Quality(), None)[0])
    assert "200 of 200 (100 %): corrupt 200" in error.what


def test_of_very_many_faults_the_counted_ones_are_called_the_first() -> None:
    faulty = sound(600).assign(reason=["corrupt"] * 250 + [None] * 350)
    observed = failures(faulty)["every file can be used as an image of a cell"].observed
    assert observed.endswith(": corrupt 200 among the first 200")


@pytest.fixture
def consent() -> Quality:
    """Asks for a suite that leaves the cells of patients C1 and C10 out."""
    return Quality(suites=("tests.drawn_suite:suite",))


def test_classes_are_judged_on_what_rules_that_quarantine_leave(consent: Quality) -> None:
    manifest = sound(120, patients=2)
    manifest["label"] = manifest["group"].map({"C0": "Uninfected", "C1": "Parasitized"}).astype("string")
    contract, rows = check(manifest, Data(), consent, None, extensions=find_extensions(Data(), consent))
    found = {c.expectation: c for c in contract.checks}
    assert found[WITHDRAWN].passed and found[WITHDRAWN].unexpected == 60
    assert found[WITHDRAWN].bound == "at most 50 %; each is left out"
    assert not contract.passed
    assert found["each class has enough images"].observed == "Parasitized 0, Uninfected 60"
    assert usable(rows)["group"].unique().tolist() == ["C0"]


def test_what_a_rule_leaves_out_counts_for_its_own_bound_and_not_for_the_quarantines(consent: Quality) -> None:
    manifest = sound(200, patients=25)
    contract, rows = check(manifest, Data(), consent, None, extensions=find_extensions(Data(), consent))
    assert contract.passed
    assert (rows["reason"] == "contract").sum() == 16
    found = {c.expectation: c.observed for c in contract.checks}
    assert found["files can be used as images of cells"] == "0 of 200"
    assert found["no class lost many files to the quarantine"] == "Parasitized 0 %, Uninfected 0 %"
    assert found["each class has enough images"] == "Parasitized 92, Uninfected 92"


def test_rows_that_a_condition_keeps_from_being_looked_at_break_nothing() -> None:
    manifest = sound()
    manifest.loc[5, ["group", "reason"]] = [None, "blank"]
    rows = check(manifest, Data(), Quality(), None)[1]
    assert rows["breaks"][5].startswith("files: ") and "groups: " not in rows["breaks"][5]


def test_every_broken_row_is_marked_however_many_there_are() -> None:
    rows = check(sound(600).assign(reason=["corrupt"] * 250 + [None] * 350), Data(), Quality(), None)[1]
    assert rows["breaks"].notna().sum() == 250
