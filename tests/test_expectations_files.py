"""The suite of files: readable ones, in known formats, within the budget."""

import pytest
from drawn_manifests import failures, sound

from expectations.files import FAULTS
from smearflow.settings import Quality

USABLE = "files can be used as images of cells"
ALL_USABLE = "every file can be used as an image of a cell"


def test_a_fault_of_a_label_is_not_a_fault_of_a_file() -> None:
    assert FAULTS[0] == "zero_bytes" and FAULTS[-1] == "blurred"


@pytest.mark.parametrize(("broken", "critical"), [(10, False), (11, True)], ids=["5 % of 200", "just above"])
def test_the_budget_is_a_share_of_all_files(broken: int, critical: bool) -> None:
    manifest = sound()
    manifest.loc[: broken - 1, "reason"] = "corrupt"
    found = failures(manifest)
    assert (USABLE in found) == critical
    assert found[ALL_USABLE].severity == "warning" and found[ALL_USABLE].unexpected == broken


def test_the_budget_comes_from_the_settings() -> None:
    manifest = sound()
    manifest.loc[::5, "reason"] = "blank"
    assert failures(manifest, Quality(max_quarantined=0.2)).keys() == {ALL_USABLE}


def test_duplicates_and_conflicts_do_not_use_up_the_budget() -> None:
    manifest = sound()
    manifest.loc[:19, "reason"] = "duplicate"
    assert failures(manifest).keys() == {"no file is a copy of another"}


def test_a_folder_of_documents_is_no_folder_of_cells() -> None:
    manifest = sound().assign(format="PDF")
    (found,) = failures(manifest).values()
    assert found.column == "format" and found.observed == "200 of 200 (100 %): PDF 200"
