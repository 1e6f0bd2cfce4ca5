"""A batch is listed without opening an image, under a digest of its own."""

from pathlib import Path

import pandas as pd

from smearflow.data.sources import list_folder
from smearflow.monitoring.batches import Batch
from smearflow.settings import Data
from tasks.gather import gather
from tests.drawn_cells import folder_of_cells


def test_the_listing_has_labels_and_another_digest_than_a_source_to_train_on(tmp_path: Path):
    root = folder_of_cells(tmp_path / "cells")
    source = gather.function(tmp_path / "check", Batch("b1", root, dropped=False), Data())
    assert (source.root, source.images) == (root, 24)
    assert set(pd.read_parquet(source.listing)["label"]) == {"Parasitized", "Uninfected"}
    assert source.digest != list_folder(root).digest
