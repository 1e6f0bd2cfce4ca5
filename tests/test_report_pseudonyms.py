"""Names for patients and images that don't give them away."""

import pandas as pd

from smearflow.data.manifest import as_manifest
from smearflow.report.pseudonyms import names_of
from smearflow.settings import Data


def manifest(**columns: list[str | None]) -> pd.DataFrame:
    paths = ["Parasitized/C1P9ThinF_cell_1.png", "Parasitized/C10P3 a.png", "C77P1/C77P1_cell_4.png"]
    rows = {"path": paths, "sha256": ["f" * 64, "a" * 64, None], "label": ["Parasitized", "Parasitized", "C77P1"]}
    rows |= {"group": ["C1", "C10", None], "reason": [None, None, "unreadable"]}
    return as_manifest(pd.DataFrame({**rows, **columns}))


NAMES = names_of(manifest(), Data(), hidden=True)


def test_patients_are_numbered_by_their_images_not_by_their_ids() -> None:
    assert [NAMES.patient(group) for group in ("C10", "C1", None)] == ["patient 1", "patient 2", None]


def test_images_are_called_by_class_and_digest_or_by_their_row() -> None:
    assert NAMES.image("Parasitized/C1P9ThinF_cell_1.png") == "Parasitized ffffffff"
    assert NAMES.image("C77P1/C77P1_cell_4.png") == "row 1 of quarantine.parquet"


def test_an_image_without_a_label_is_called_an_image() -> None:
    flat = names_of(manifest(label=[None, None, None]), Data(), hidden=True)
    assert flat.image("Parasitized/C1P9ThinF_cell_1.png") == "image ffffffff"


def test_a_sentence_loses_paths_ids_and_what_is_made_of_them() -> None:
    said = (
        "x: /data/Parasitized/C1P9ThinF_cell_1.png, Parasitized/C10P3 a.png; C10 and C1P9ThinF; C77P1 3, other/new.PNG"
    )
    told = NAMES.text(said)
    assert told.startswith("x: Parasitized ffffffff, Parasitized aaaaaaaa; patient 1 and patient 2")
    assert told.endswith("another folder 3, an image file")


def test_figures_and_words_of_a_sentence_stay() -> None:
    numbered = names_of(manifest(group=["1", "A", "7"]), Data(group_pattern=r"^(\w+)_"), hidden=True)
    said = "A critical expectation failed: 1 of 7 images, raise quality.max_quarantined"
    assert numbered.text(said) == said


def test_who_is_called_a_patient_by_a_bare_number_is_called_otherwise() -> None:
    numbered = names_of(manifest(group=["104", "31", "7"]), Data(group_pattern=r"^(\d+)_"), hidden=True)
    said = "accuracy on patient 104 differs, 31 more test patients and 1 more test patient (now 7)"
    assert numbered.text(said) == said.replace("patient 104", numbered.patient("104") or "")


def test_a_folder_that_is_no_class_is_named_unless_it_looks_like_a_patient() -> None:
    assert [NAMES.folder(label) for label in ("Uninfected", "Leukocyte", "C77P1")] == [
        "Uninfected",
        "Leukocyte",
        "another folder",
    ]


def test_without_pseudonyms_things_keep_their_names() -> None:
    names = names_of(manifest(), Data(), hidden=False)
    assert names.patient("C10") == "patient C10"
    assert names.image("a/b.png") == "a/b.png"
    assert names.text("see C10 in a/b.png") == "see C10 in a/b.png"


def test_where_images_stand_for_themselves_there_are_no_patients() -> None:
    names = names_of(manifest(), Data(group="image"), hidden=True)
    assert names.patient("Parasitized/C1P9ThinF_cell_1.png") is None
