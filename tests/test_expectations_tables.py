"""The two tables that are checked."""

from drawn_manifests import sound

from expectations.tables import class_table, image_table
from smearflow.settings import Data


def test_a_class_is_counted_by_what_is_used_and_blamed_for_all_its_files() -> None:
    manifest = sound(100, patients=10)
    infected = manifest.index[manifest["label"] == "Parasitized"]
    manifest.loc[infected[0], "reason"] = "truncated"
    manifest.loc[infected[1], "reason"] = "duplicate"
    row = class_table(manifest, Data()).iloc[0]
    assert row["label"] == "Parasitized" and row["images"] == 48 and row["share"] == 48 / 98
    assert row["faulty"] == 1 / 50 and row["groups"] == 10 and row["formats"] == 1


def test_shares_of_reasons_are_shares_of_all_images() -> None:
    assert image_table(sound())["reason"].eq("used").all()
