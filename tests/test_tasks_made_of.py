"""The digests of a run: each tells of one thing that its models were made of."""

from pathlib import Path

from drawn_manifests import sound
from drawn_predictions import predictions

from smearflow.data.manifest import manifest_of, write_manifest
from smearflow.data.splitting import parts_of
from tasks.made_of import digests_of


def test_a_changed_label_changes_the_labels_digest_and_nothing_that_is_code(tmp_path: Path) -> None:
    parts = parts_of(predictions(), tmp_path / "split.parquet", tmp_path)
    rows = sound()
    write_manifest(rows, tmp_path)
    before = digests_of(manifest_of(rows, tmp_path, tmp_path, 200), parts, None)
    assert before.keys() == {"data", "labels", "split", "code", "lock"}
    other = rows.assign(label=["Uninfected", *rows["label"].iloc[1:]])
    assert other["label"].iloc[0] != rows["label"].iloc[0]
    write_manifest(other, tmp_path)
    after = digests_of(manifest_of(other, tmp_path, tmp_path, 200), parts, None)
    assert {name for name in before if before[name] != after[name]} == {"data", "labels"}
