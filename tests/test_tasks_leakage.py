"""What a random split would have shown: asked for, trained and measured as the others are, told with intervals."""

from pathlib import Path

import pandas as pd
import pytest
from drawn_manifests import sound
from drawn_predictions import predictions

from smearflow.data.splitting import Parts, divide, parts_of
from smearflow.evaluation.scoring import score
from smearflow.models.spec import Seconds, Trained
from smearflow.settings import Evaluation, Settings, Split
from smearflow.summary import read_summary
from smearflow.workspace import Workspace
from tasks.evaluate import Evaluated
from tasks.leakage import fastest, leakage, leakage_if_asked, says, split_at_random
from tasks.stage import Run


def trained(folder: Path, seconds: float, control: bool = False) -> Trained:
    return Trained(
        name="compact", folder=folder, params=1, trainable=1, input_size=96, cut=None, weights="random",
        control=control, epochs=1, size_mb=0.4, weights_digest="d" * 64, train_seconds=seconds,
        seconds=Seconds(importing=1, compiling=1, features=1, fit=1),
    )  # fmt: skip


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    """A split by patient."""
    divided = divide(sound(), Split())
    divided.to_parquet(tmp_path / "split.parquet")
    return parts_of(divided, tmp_path / "split.parquet", tmp_path)


def test_where_it_is_not_asked_for_nothing_happens(parts: Parts, tmp_path: Path) -> None:
    run = Run("run", Settings(), Workspace.at(tmp_path / "workspace"), "a-run")
    leakage_if_asked(run, (), {}, parts, Evaluated(tmp_path, (), ""), Settings())
    assert run.stages == [] and not run.reached


def test_the_fastest_is_taken_and_a_control_only_for_want_of_another(tmp_path: Path) -> None:
    slow, fast, control = trained(tmp_path, 60), trained(tmp_path, 20), trained(tmp_path, 5, control=True)
    assert fastest({"slow": slow, "fast": fast, "control": control}) == "fast"
    assert fastest({"control": control}) == "control"


def test_the_random_split_has_the_same_images_and_shares_patients(parts: Parts, tmp_path: Path) -> None:
    mixed = split_at_random.function(tmp_path / "random", parts, Split())
    assert set(pd.read_parquet(mixed.path)["path"]) == set(pd.read_parquet(parts.path)["path"])
    assert parts.shared_groups == 0 and mixed.shared_groups > 20
    assert mixed.root == parts.root


def test_both_figures_are_told_with_intervals(parts: Parts, tmp_path: Path) -> None:
    predictions(skill=2.5).to_parquet(tmp_path / "predictions.parquet")
    apart = score("compact", "a" * 64, predictions(skill=1.0), "Parasitized", Evaluation())
    model = trained(tmp_path, 20)
    leaked = leakage.function(tmp_path / "leakage", parts, apart, model, "Parasitized", Evaluation())
    assert leaked.random.test["auc"].value > leaked.apart.test["auc"].value
    assert f"| auc | {apart.test['auc'].value:.3f} ({apart.test['auc'].low:.3f} to" in says(leaked)
    assert "Only the figures with patients apart" in says(leaked)


def test_asked_for_the_main_job_trains_once_more_and_nothing_else(finished, smearflow, small, workspace) -> None:
    chosen = ("--set", "split.leakage_report=true", "--set", "models=[compact]")
    done = smearflow("run", "--config", small, *chosen)
    assert done.returncode == 0, done.stderr
    summary = read_summary(workspace.latest / "summary.json")
    states = {stage.name: stage.state for stage in summary.stages}
    assert (states["split"], states["train"], states["leakage"]) == ("cached", "cached", "completed")
    leak = summary.split.leakage
    assert (leak.model, leak.shared_groups, summary.split.shared_groups) == ("compact", 16, 0)
    assert leak.apart == summary.models[0].test
    assert leak.random.auc.low <= leak.random.auc.value <= leak.random.auc.high
    assert "What a random split would have shown" in summary.paths.report.read_text()
