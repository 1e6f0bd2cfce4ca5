"""What the summary says of labels: counts, worth, both truths, what is new since the run before."""

from pathlib import Path

import pandas as pd
import pytest
from drawn_findings import CLASSES, SETS, draw_folder, predicted
from drawn_labels import reviewed, said_of, scored_labels
from drawn_models import left_by_trainer

from smearflow.data.manifest import Manifest, manifest_of, usable, write_manifest
from smearflow.data.overlay import Reviewed
from smearflow.data.splitting import parts_of
from smearflow.settings import Evaluation, Settings
from smearflow.summary import LabelsResult, Summary, TruthsResult, Verdict, write_summary
from smearflow.workspace import Workspace
from tasks.evaluate import evaluate, says
from tasks.score_labels import ScoredLabels
from tasks.stage import Run
from tasks.summarise_labels import label_parts

HOW = Evaluation(bootstrap=100)
OTHER = {CLASSES[0]: CLASSES[1], CLASSES[1]: CLASSES[0]}


def run_in(folder: Path, run_id: str = "20261129-090000") -> Run:
    return Run("run", Settings(evaluation=HOW), Workspace.at(folder / "workspace"), run_id)


def decided(run: Run, folder: Path, said: pd.DataFrame, given: pd.DataFrame, scored: bool = True) -> Manifest:
    """``run`` as it came to a split of the cells ``given``, by what people ``said`` of them."""
    rows = reviewed(given, said)
    write_manifest(rows, folder)
    said.to_parquet(folder / "opinions.parquet")
    readers = tuple(sorted(set(said["reader"])))
    run.reached["read_labels"] = Reviewed(folder / "opinions.parquet", "digest", "f" * 64, len(said), readers)
    split = usable(rows)[["path", "sha256", "label", "group"]].assign(split=lambda t: t["group"].map(SETS))
    split.to_parquet(folder / "split.parquet")
    run.reached["split"] = parts_of(split, folder / "split.parquet", folder / "cells")
    if scored:
        scored_labels(rows).to_parquet(folder / "scores.parquet")
        run.reached["score_labels"] = ScoredLabels(
            folder / "scores.parquet", "fast", ("MobileNetV2", "statistics"), len(split), 0.1, 0.08, 0.13
        )
    return manifest_of(rows, folder, folder / "cells", len(rows))


def labels_of(run: Run, manifest: Manifest) -> LabelsResult:
    labels = label_parts(run, manifest)["labels"]
    assert isinstance(labels, LabelsResult)
    return labels


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return draw_folder(tmp_path_factory.mktemp("given") / "cells")


def of_set(given: pd.DataFrame, name: str) -> list[int]:
    """Places of the usable cells of a set."""
    groups = usable(given)["group"].map(SETS)
    return [at for at, each in enumerate(groups) if each == name]


def test_where_nobody_looked_only_the_models_speak(given: pd.DataFrame, tmp_path: Path) -> None:
    run = run_in(tmp_path)
    manifest = decided(run, tmp_path, said_of(given, {}), given)
    labels = labels_of(run, manifest)
    assert (labels.reviewed, labels.decisions, labels.readers, labels.last, labels.since) == (0, 0, 0, 0, None)
    assert labels.by == "scores" and labels.scored_by == ("MobileNetV2", "statistics")
    assert labels.wrong is not None and labels.ceiling is not None and labels.wrong == labels.left
    assert labels.wrong.value is not None and labels.ceiling.value == pytest.approx(1 - labels.wrong.value)
    assert set(labels.wrong_by_class) == set(CLASSES)
    assert label_parts(run, manifest)["truths"] is None


def test_without_decisions_and_scores_there_is_nothing_to_say(given: pd.DataFrame, tmp_path: Path) -> None:
    run = run_in(tmp_path)
    manifest = decided(run, tmp_path, said_of(given, {}), given, scored=False)
    assert label_parts(run, manifest) == {"truths": None, "labels": None}
    assert label_parts(run, None)["labels"] is None


def test_what_people_said_is_counted_by_what_came_of_it(given: pd.DataFrame, tmp_path: Path) -> None:
    labels = usable(given)["label"]
    test = of_set(given, "test")
    words = {0: OTHER[labels[0]], 1: labels[1], 2: "unsure", 3: "exclude", test[0]: "exclude"}
    said = said_of(given, words)
    elsewhere = said.tail(1).assign(number=9, sha256="e" * 64, reader="ben")
    run = run_in(tmp_path)
    manifest = decided(run, tmp_path, pd.concat([said, elsewhere], ignore_index=True), given)
    found = labels_of(run, manifest)
    assert (found.reviewed, found.relabelled, found.kept, found.unsure, found.excluded) == (5, 1, 1, 1, 2)
    assert (found.decisions, found.absent, found.readers, found.last) == (6, 1, 2, 9)


def test_suspects_of_the_test_set_are_counted_until_somebody_looks(given: pd.DataFrame, tmp_path: Path) -> None:
    run, test = run_in(tmp_path), of_set(given, "test")
    manifest = decided(run, tmp_path, said_of(given, {}), given)
    table = pd.read_parquet(run.reached["score_labels"].path)
    table["wrong"] = 0.1
    table.loc[test[:3], "wrong"] = 0.7
    table.to_parquet(run.reached["score_labels"].path)
    assert labels_of(run, manifest).suspects_in_test == 3
    manifest = decided(run, tmp_path, said_of(given, {test[0]: usable(given)["label"][test[0]]}), given, scored=False)
    assert labels_of(run, manifest).suspects_in_test == 2


def test_every_model_is_told_by_both_truths(given: pd.DataFrame, tmp_path: Path) -> None:
    run, test, labels = run_in(tmp_path), of_set(given, "test"), usable(given)["label"]
    said = said_of(given, {test[0]: OTHER[labels[test[0]]], test[1]: labels[test[1]], test[2]: "exclude"})
    manifest = decided(run, tmp_path, said, given)
    parts = run.reached["split"]
    model = left_by_trainer(tmp_path / "compact", "compact", predicted(pd.read_parquet(parts.path), 0.05))
    measured = (manifest.path, parts, CLASSES[0], HOW)
    run.reached["evaluate"] = evaluate.function(tmp_path / "evaluated", {"compact": model}, *measured)
    told = label_parts(run, manifest)
    truths = told["truths"]
    assert isinstance(truths, TruthsResult)
    assert (truths.images, truths.reviewed, truths.changed) == (len(test) - 1, 2, 1)
    (both,) = truths.models
    assert both.reviewed.accuracy.value == 1 and both.given.accuracy.value == pytest.approx(1 - 1 / (len(test) - 1))
    assert told["labels"].excluded_from_test == 1
    page = says(run.reached["evaluate"])
    assert f"People looked at 2 of the {len(test) - 1} labels and changed 1." in page
    assert "Cells of these patients that were taken out: 1." in page
    assert "- **compact by the reviewed labels**, which count: accuracy 1.000" in page
    assert "- by the labels as given: accuracy 0.9" in page


def test_what_is_new_since_the_run_before_is_counted(given: pd.DataFrame, tmp_path: Path) -> None:
    labels, first = usable(given)["label"], run_in(tmp_path, "20261128-090000")
    said = said_of(given, {0: OTHER[labels[0]]})
    done = Verdict(outcome="kept", why="", next="")
    facts = {"command": "run", "status": "completed", "verdict": done}
    found = labels_of(first, decided(first, tmp_path, said, given))
    first.folder.mkdir(parents=True)
    write_summary(Summary(run_id=first.run_id, labels=found, **facts), first.folder)
    (first.workspace.runs / "20261128-100000").mkdir()
    (first.workspace.runs / "20261128-100000" / "summary.json").write_text("{}")  # of another version
    second = run_in(tmp_path)
    more = pd.concat([said, said_of(given, {1: OTHER[labels[1]], 2: labels[2]}, first=2)], ignore_index=True)
    since = labels_of(second, decided(second, tmp_path, more, given)).since
    assert since is not None
    assert (since.run_id, since.decisions, since.relabelled, since.excluded) == (first.run_id, 2, 1, 0)
