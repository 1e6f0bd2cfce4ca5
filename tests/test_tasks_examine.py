"""Examine as a stage: what becomes of a candidate's bundle, in the process that makes it whole (15 s: TensorFlow)."""

import json

import numpy as np
import pandas as pd
import pytest
from drawn_models import trained

from smearflow.data.splitting import parts_of
from smearflow.evaluation.scoring import score
from smearflow.registry.serving import load
from smearflow.settings import Evaluation
from smearflow.workspace import is_whole
from tasks.evaluate import Evaluated
from tasks.examine import Examined, examine, says
from tests.drawn_networks import bundle_of, spotter
from tests.trained_cells import CLASSES, split_of_cells

HOW = Evaluation(bootstrap=100, heatmaps=2, mistakes=3, unsure=0.2, novelty=0.05)


@pytest.fixture(scope="module")
def examined(tmp_path_factory: pytest.TempPathFactory) -> Examined:
    """A network that was never quite sure, on cells of which two are called by the wrong name."""
    folder = tmp_path_factory.mktemp("examine")
    bundle = bundle_of(spotter(sure=1.0), folder / "spotter" / "bundle")
    table = split_of_cells(folder / "cells", images=200)
    rows = pd.read_parquet(table)
    said = load(bundle).predict([(folder / "cells" / path).read_bytes() for path in rows["path"]])
    rows = rows.assign(probability=said["probability"])
    validation, wrong = rows.index[rows["split"] == "val"], rows.index[rows["split"] == "test"][:2]
    rows.loc[validation, "probability"] += np.linspace(-0.05, 0.05, len(validation))  # else many are equally unsure
    rows.loc[wrong, "label"] = rows.loc[wrong, "label"].map({CLASSES[0]: CLASSES[1], CLASSES[1]: CLASSES[0]})
    scores = score("spotter", "d1", rows, CLASSES[0], HOW)
    evaluated = folder / "evaluated"
    evaluated.mkdir()
    rows.to_parquet(evaluated / "spotter-predictions.parquet")
    found, model = Evaluated(evaluated, (scores,), "spotter"), trained("spotter", folder / "spotter")
    parts = parts_of(rows, table, folder / "cells")
    return examine.function(folder / "examined", found, model, parts, HOW, 300)


def test_the_bundle_is_whole_and_says_again_what_was_measured(examined: Examined) -> None:
    assert is_whole(examined.folder)
    assert {file.name for file in examined.bundle.iterdir()} == {
        "model.keras", "model.json", "serving.py", "novelty.npz", "golden.parquet"
    }  # fmt: skip
    facts = json.loads((examined.bundle / "model.json").read_text())
    assert facts["novelty"]["threshold"] > 0
    assert facts["unsure"][0] < facts["threshold"] < facts["unsure"][1]
    assert examined.parity < 1e-4
    assert examined.latency_ms > 0 and examined.size_mb > 0


def test_strangers_are_told_from_cells(examined: Examined) -> None:
    shares = dict(examined.novelty)
    assert shares.pop("test") <= 0.15  # of 40
    assert set(shares) == {"photographs", "noise", "text", "blank"}
    assert min(shares.values()) >= 0.95


def test_each_test_image_has_its_heat_and_mistakes_their_pictures(examined: Examined) -> None:
    heat = pd.read_parquet(examined.heat)
    assert len(heat) == 40
    kinds = heat.groupby("kind")["picture"].count().to_dict()
    assert kinds == {"cleared": 0, "false_alarm": 1, "hit": 2, "missed": 1}
    assert all((examined.folder / name).stat().st_size for name in heat["picture"].dropna())
    assert heat.loc[heat["kind"] == "hit", "share_inside"].min() > 0.9


def test_the_golden_batch_was_said_by_the_whole_bundle(examined: Examined) -> None:
    golden = pd.read_parquet(examined.bundle / "golden.parquet")
    assert golden["decision"].iloc[-1] == "out_of_distribution"  # noise
    said = load(examined.bundle).predict(golden[["image"]])
    assert said["decision"].tolist() == golden["decision"].tolist()


def test_the_page_says_what_it_takes_and_where_it_looks(examined: Examined) -> None:
    told = says(examined)
    assert told.startswith("# spotter as it will serve: 0.0")
    assert "| noise | 100.0% |" in told
    assert "| hit | 19 | 100% |" in told
    assert "Heat, 32 places a side" in told
