"""The split section: images, patients and the share of positives in each set."""

import math
from dataclasses import replace
from pathlib import Path

from drawn_findings import finished

from smearflow import summary as told
from smearflow.report.page import render
from smearflow.report.pseudonyms import names_of
from smearflow.report.split_section import Part, split_section


def test_each_set_has_its_images_patients_and_positives(tmp_path: Path) -> None:
    findings = finished(tmp_path)
    section = split_section(findings, names_of(findings.manifest, findings.settings.data, hidden=True))
    assert section is not None
    assert [(p.name, p.images, p.groups, p.positive) for p in section.parts] == [
        ("Training", 21, 3, 9),
        ("Validation", 8, 1, 4),
        ("Test", 16, 2, 8),
    ]
    assert section.parts[1].share == 0.5


def test_the_share_of_an_empty_set_is_unknown() -> None:
    assert math.isnan(Part("Test", 0, 0, 0).share)


def shown(root: Path, **counts: object) -> str:
    """The report's page where the summary says this of the split; blanks made even."""
    findings = finished(root)
    summary = findings.summary
    split = summary.split.model_copy(update=counts)
    page = render(replace(findings, summary=summary.model_copy(update={"split": split})))
    return " ".join(page.replace("\xa0", " ").split())


def test_it_says_that_nobody_and_no_copy_is_shared(tmp_path: Path) -> None:
    page = shown(tmp_path)
    assert "<b>No patient is in two sets.</b> No image has a copy, exact or near, in another set." in page
    assert "ledger" not in page


def test_it_says_who_stayed_and_who_is_new_and_that_the_champion_met_none_of_the_test_patients(tmp_path: Path) -> None:
    page = shown(tmp_path, ledger=Path("/w/ledgers/cells.jsonl"), added=2, champion_apart=True)
    assert "4 patients stayed in the set that the ledger gave them in an earlier run, 2 came new." in page
    assert "The ledger is whole: cells.jsonl." in page
    assert "it has met none of the test patients" in page


def test_a_first_run_says_that_all_are_new_and_a_foreign_champion_is_pointed_out(tmp_path: Path) -> None:
    page = shown(tmp_path, ledger=Path("/w/ledgers/cells.jsonl"), added=6, champion_apart=False)
    assert "All 6 patients came new, and stay where they are from now on." in page
    assert "wasn't trained under this ledger" in page.replace("&#39;", "'")


def test_copies_in_two_sets_and_images_left_out_are_counted(tmp_path: Path) -> None:
    page = shown(tmp_path, shared_duplicates=3, left_out=1)
    assert "<b>3 images with a copy in another set.</b>" in page and "1 image: copies of images" in page
    assert "No image has a copy" not in page


def test_the_random_split_stands_beside_patients_apart_with_intervals(tmp_path: Path) -> None:
    def figures(value: float) -> told.TestFigures:
        names = ("accuracy", "sensitivity", "specificity", "auc")
        return told.TestFigures(
            **{name: told.Figure(value=value, low=value - 0.01, high=value + 0.01) for name in names}
        )

    leak = told.Leakage(
        model="compact", shared_groups=6, shared_duplicates=0, apart=figures(0.959), random=figures(0.986)
    )
    page = shown(tmp_path, leakage=leak)
    assert "What a random split would have shown" in page
    assert "95.9 %" in page and "98.6 %" in page and "97.6 to 99.6" in page
    assert "6 patients are in more than one set" in page


def test_training_images_whose_labels_are_in_doubt_are_counted_class_by_class(tmp_path: Path) -> None:
    doubts = told.Doubts(left_out={"Parasitized": 170, "Uninfected": 108}, judges=("MobileNet", "MobileNetV2"))
    page = shown(tmp_path, doubts=doubts)
    assert (
        "<b>278 training images left out</b> of the training of whole networks (170 Parasitized, 108 Uninfected)"
        in page
    )
    assert "MobileNet and MobileNetV2, fitted on other patients, speak against them most" in page


def test_it_says_why_networks_dont_learn_as_was_asked(tmp_path: Path) -> None:
    page = shown(tmp_path, doubts=told.Doubts(why_not="no backbone has weights", way="none"))
    assert "<b>Whole networks learn from all labels as they are</b>: no backbone has weights." in page


def test_it_says_how_networks_learn_and_what_was_compared(tmp_path: Path) -> None:
    compared = (
        told.ComparedWay(way="none", accuracy=0.95, gain=0, low=0, high=0, chosen=False),
        told.ComparedWay(way="reweight", accuracy=0.96, gain=0.01, low=0.002, high=0.018, chosen=True),
    )
    page = shown(tmp_path, doubts=told.Doubts(way="reweight", judges=("MobileNet",), compared=compared))
    assert "weigh as far as their labels are trusted</b> by MobileNet, fitted on other patients" in page
    assert '<td>+0.0100 <span class="spread">+0.0020 to +0.0180</span></td>' in page
    undecided = shown(
        tmp_path / "undecided", doubts=told.Doubts(way="none", judges=("MobileNet",), compared=compared[:1])
    )
    assert "no way to learn in spite of wrong ones is surely better" in undecided
