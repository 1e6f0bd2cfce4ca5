"""What near-duplicates mean for the rows of a manifest."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_manifests import sound
from test_data_lookalikes import cells, small

from smearflow.data.duplicates import PAIRS, compared, judged, pairs_of


def manifest() -> pd.DataFrame:
    """Four uninfected cells and two parasitized ones."""
    rows = sound(6, 1)
    labels = ["Uninfected"] * 4 + ["Parasitized"] * 2
    return rows.assign(label=pd.array(labels, dtype="string"), sha256=pd.array(list("abcdef"), dtype="string"))


def pairs(*names: str) -> pd.DataFrame:
    """A table of pairs from two letters each."""
    rows = [(one, other, 0.99, False) for one, other in names]
    return pd.DataFrame(rows, columns=list(PAIRS)).astype(PAIRS)


def reasons(rows: pd.DataFrame) -> dict[str, str]:
    return dict(rows.loc[rows["reason"].notna(), ["sha256", "reason"]].itertuples(index=False))


def test_near_duplicates_in_one_class_are_a_cluster_that_is_used() -> None:
    rows = judged(manifest(), pairs("ab", "bc"), "together")
    assert reasons(rows) == {}
    assert rows["cluster"].fillna("-").tolist() == ["a", "a", "a", "-", "-", "-"]


def test_across_classes_all_of_the_cluster_goes_to_review() -> None:
    rows = judged(manifest(), pairs("ab", "be"), "together")
    assert reasons(rows) == dict.fromkeys("abe", "label_conflict")


def test_drop_keeps_the_image_with_most_pixels() -> None:
    rows = manifest().assign(width=pd.array([50, 90, 60, 50, 50, 50], dtype="Int64"), height=80)
    assert reasons(judged(rows, pairs("ab", "bc"), "drop")) == dict.fromkeys("ac", "near_duplicate")


def test_of_equals_drop_keeps_the_first_by_path() -> None:
    rows = manifest().assign(width=80, height=80)
    assert reasons(judged(rows, pairs("ab"), "drop")) == {"b": "near_duplicate"}


def test_dropping_leaves_a_conflict_to_review() -> None:
    assert reasons(judged(manifest(), pairs("ab", "ae", "cd"), "drop")) == {
        **dict.fromkeys("abe", "label_conflict"),
        "d" if pixels("c") >= pixels("d") else "c": "near_duplicate",
    }


def pixels(sha256: str) -> int:
    row = manifest().set_index("sha256").loc[sha256]
    return int(row["width"] * row["height"])


def test_a_copy_of_a_conflict_is_a_conflict() -> None:
    rows = manifest()
    twice = pd.concat([rows, rows.head(1).assign(path="Parasitized/again.png", label="Parasitized")], ignore_index=True)
    twice.loc[twice["sha256"] == "a", "reason"] = "label_conflict"
    assert reasons(judged(twice, pairs("ab"), "together")) == dict.fromkeys("ab", "label_conflict")


def test_without_labels_copies_are_clusters() -> None:
    rows = judged(manifest().assign(label=pd.NA), pairs("ae"), "together")
    assert reasons(rows) == {} and rows["cluster"].notna().sum() == 2


def test_what_is_left_out_already_is_not_compared() -> None:
    rows = manifest()
    rows.loc[:1, "reason"] = ["blurred", "label_conflict"]
    assert compared(rows)["sha256"].tolist() == list("bcdef")


def test_pairs_are_found_in_pictures_conflicts_first() -> None:
    pictures = small(cells(4))
    known = dict(zip("abcd", pictures, strict=True)) | {"e": np.rot90(pictures[0]).copy(), "f": pictures[1] // 2 * 2}
    within = manifest().assign(label=pd.array(["x", "y", "x", "x", "x", "x"], dtype="string"))
    found = pairs_of(within, known, 0.93)
    assert found[["first", "second", "across"]].to_numpy().tolist() == [["b", "f", True], ["a", "e", False]]
    assert found["likeness"].between(0.93, 1.001).all()


@pytest.mark.parametrize("near", ["together", "drop"])
def test_no_pairs_change_nothing(near) -> None:
    found = pairs_of(manifest(), {}, 0.93)
    assert found.empty and dict(found.dtypes.astype(str)) == PAIRS
    rows = judged(manifest(), found, near)
    pd.testing.assert_frame_equal(rows, manifest())


def test_the_result_is_a_manifest_that_can_be_written_and_read(tmp_path: Path) -> None:
    from smearflow.data.manifest import read_manifest

    rows = judged(manifest(), pairs("ab"), "together")
    rows.to_parquet(tmp_path / "manifest.parquet", index=False)
    pd.testing.assert_frame_equal(read_manifest(tmp_path / "manifest.parquet"), rows)
