"""How networks learn in spite of wrong labels: which way is taken, what each model reads, and what a person is told."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from drawn_networks import drawn_weights
from trained_cells import split_of_cells, with_turned_labels

from smearflow.data.overlay import Reviewed
from smearflow.data.splitting import Parts, parts_of
from smearflow.models.plans import Plan
from smearflow.models.spec import ComparedWay
from smearflow.settings import Labels, Model, Settings
from smearflow.workspace import Workspace, file_digest
from tasks.doubt import NOBODY
from tasks.read_labels import read_labels
from tasks.robust import ALONE, Compared, left_out_of, lessons, says, way_taken, why_not
from tasks.stage import Run

COMPACT = Plan("compact", Model(name="compact", input_size=32, weights="random"), None, None)
DRAWN = Model(name="MobileNet", input_size=32, cut=("conv_pw_1_relu",), weights="random")
HEAD = Plan("MobileNet", DRAWN, None, None)


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    table = with_turned_labels(split_of_cells(tmp_path / "cells", images=120))
    return parts_of(pd.read_parquet(table), table, table.parent)


@pytest.fixture
def nobody(tmp_path: Path) -> Reviewed:
    """Nobody has decided anything."""
    return read_labels.function(tmp_path, Workspace.at(tmp_path / "workspace"))


def run_of(root: Path, robust: str) -> Run:
    labels = Labels.model_validate({"robust": robust, "suspects": 0.2})
    return Run("run", Settings(labels=labels), Workspace.at(root / "workspace"), "a-run")


def test_whole_networks_do_without_doubted_images_and_heads_keep_them(
    prefect_server: object, parts: Parts, tmp_path: Path, nobody: Reviewed
) -> None:
    from prefect import flow

    run, weights = run_of(tmp_path, "drop_suspects"), drawn_weights(tmp_path)
    model = DRAWN.model_copy(update={"weights": str(weights)})
    judge = Plan("MobileNet", model, weights, file_digest(weights))
    plans, splits = flow(name="test")(lessons)(run, (judge, COMPACT), parts, run.settings, nobody)
    assert [plan.robust for plan in plans] == ["none", "drop_suspects"]
    assert splits == {"MobileNet": parts, "compact": run.reached["doubt"].parts}
    assert left_out_of(run) == sum(run.reached["doubt"].counts.values()) > 0
    assert [stage.name for stage in run.stages] == ["doubt"]
    run.settings = Settings(labels=Labels(robust="reweight"))
    _, splits = flow(name="test")(lessons)(run, (judge, COMPACT), parts, run.settings, nobody)
    assert splits == {"MobileNet": parts, "compact": run.reached["doubt"].weighed}
    assert left_out_of(run) == 0 and why_not(run) is None


def test_a_way_that_is_a_recipe_needs_no_judge_and_is_part_of_the_key(
    parts: Parts, tmp_path: Path, nobody: Reviewed
) -> None:
    run = run_of(tmp_path, "generalised_ce")
    (head, compact), splits = lessons(run, (HEAD, COMPACT), parts, run.settings, nobody)
    assert splits == {"MobileNet": parts, "compact": parts}
    assert head == HEAD and compact.digest != COMPACT.digest
    assert run.stages == [] and why_not(run) is None


def test_without_anybody_to_judge_all_is_trained_on_and_the_log_says_why(
    parts: Parts, tmp_path: Path, nobody: Reviewed, capsys: pytest.CaptureFixture[str]
) -> None:
    run = run_of(tmp_path, "drop_suspects")
    assert lessons(run, (HEAD,), parts, run.settings, nobody) == ((HEAD,), {"MobileNet": parts})
    assert NOBODY in capsys.readouterr().out
    assert (way_taken(run), why_not(run)) == ("none", NOBODY)


def way(name: str, gain: float, chosen: bool = False) -> ComparedWay:
    return ComparedWay(way=name, accuracy=0.95 + gain, gain=gain, low=gain - 0.01, high=gain + 0.01, chosen=chosen)


def test_auto_takes_what_was_compared_to_be_best_and_shows_the_others(parts: Parts, tmp_path: Path) -> None:
    run = run_of(tmp_path, "auto")
    compared = Compared("compact", (way("none", 0), way("reweight", 0.02, chosen=True)), images=90, judged=100)
    run.reached |= {"doubt": None, "compare_ways": compared}
    assert (way_taken(run), why_not(run)) == ("reweight", None)
    told = says(compared)
    assert told.startswith("# reweight: is surely better than none")
    assert "| **reweight** | 0.9700 | +0.0200 | +0.0100 to +0.0300 |" in told
    assert "Of 100\nimages 90 count" in told
    undecided = replace(compared, ways=(way("none", 0, chosen=True), way("reweight", 0.005)))
    assert says(undecided).startswith("# none: no way is surely better")


def test_auto_without_a_whole_network_says_that_nothing_can_be_compared(tmp_path: Path) -> None:
    run = run_of(tmp_path, "auto")
    run.reached["doubt"] = None
    assert (way_taken(run), why_not(run)) == ("none", ALONE)
