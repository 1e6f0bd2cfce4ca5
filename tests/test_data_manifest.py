"""The manifest: its columns, its version, what of it is used."""

from pathlib import Path

import pandas as pd

from smearflow.data.manifest import (
    COLUMNS,
    REASONS,
    REVIEW,
    STATISTICS,
    as_manifest,
    content_digest,
    manifest_of,
    read_manifest,
    usable,
)


def rows() -> pd.DataFrame:
    """Four used images, one left out, two to be reviewed, one that couldn't be read."""
    reasons = [None, None, None, None, "blank", "label_conflict", "label_conflict", "unreadable"]
    return as_manifest(
        pd.DataFrame(
            {
                "path": [f"{'ab'[i % 2]}/C{i // 2}_{i}.png" for i in range(8)],
                "sha256": [f"{i:064x}" for i in range(7)] + [None],
                "label": ["ab"[i % 2] for i in range(8)],
                "group": [f"C{i // 2}" for i in range(8)],
                "reason": reasons,
            }
        )
    )


def test_rows_get_every_column_in_order_in_its_dtype_sorted_by_path() -> None:
    frame = as_manifest(pd.DataFrame({"reason": [None, "blank"], "path": ["b.png", "a.png"], "red": [None, 3]}))
    assert list(frame.columns) == [c.name for c in COLUMNS]
    assert [str(dtype) for dtype in frame.dtypes] == [c.dtype for c in COLUMNS]
    assert frame["path"].tolist() == ["a.png", "b.png"]
    assert frame["red"].isna().tolist() == [False, True]


def test_the_contract_says_what_each_column_means() -> None:
    assert len({c.name for c in COLUMNS}) == len(COLUMNS)
    assert set(STATISTICS) < set(COLUMNS)
    assert all(c.meaning for c in COLUMNS)
    assert set(REVIEW) < set(REASONS)


def test_parquet_gives_back_what_was_written(tmp_path: Path) -> None:
    rows().to_parquet(tmp_path / "manifest.parquet")
    pd.testing.assert_frame_equal(read_manifest(tmp_path / "manifest.parquet"), rows())


def test_used_are_the_rows_without_a_reason() -> None:
    assert usable(rows())["reason"].isna().tolist() == [True] * 4


def test_the_version_is_of_content_not_of_names_order_or_sizes() -> None:
    renamed = rows().assign(path=[f"{i}.png" for i in range(8)], bytes=3).iloc[::-1]
    assert content_digest(renamed) == content_digest(rows())


def test_the_version_changes_with_content_label_group_and_reason() -> None:
    changed = {"sha256": "f" * 64, "label": "b", "group": "C9", "reason": "size"}
    digests = set()
    for column, value in changed.items():
        frame = rows()
        frame.loc[0, column] = value
        digests.add(content_digest(frame))
    assert len(digests | {content_digest(rows())}) == 5


def test_the_summary_counts_every_row_once() -> None:
    summary = manifest_of(rows(), Path("scanned"), Path("/cells"), 2)
    assert (summary.images, summary.quarantined, summary.review) == (4, 2, 2)
    assert (summary.classes, summary.groups) == ({"a": 2, "b": 2}, 2)
    assert summary.reasons == {"label_conflict": 2, "blank": 1, "unreadable": 1}
    assert summary.digest == content_digest(rows())
