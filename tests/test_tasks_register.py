"""Register as a stage: every decision is an entry, a promoted candidate champion at its own threshold (10 s)."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from drawn_manifests import sound
from drawn_models import CURVES, left_by_examination, left_by_trainer
from drawn_registry import SERVING

from smearflow.data.manifest import Manifest, manifest_of, write_manifest
from smearflow.data.splitting import Parts, parts_of
from smearflow.evaluation.scoring import score
from smearflow.evaluation.verdict import GateCheck, Verdict
from smearflow.monitoring.reference import read_reference
from smearflow.registry.champion import Champion, find_champion
from smearflow.registry.mlflow_store import local_uri, mlflow_client
from smearflow.registry.promotions import read_promotions
from smearflow.settings import Evaluation, Settings, Split
from smearflow.workspace import Workspace
from tasks.evaluate import Evaluated
from tasks.gate import Gated
from tasks.made_of import MadeOf
from tasks.register import Registered, register, says


class Finished:
    """A run that has come to its verdict, over a manifest without an image on disk; ``registered`` is the stage."""

    def __init__(self, folder: Path) -> None:
        rows = sound()
        write_manifest(rows, folder)
        self.workspace = Workspace.at(folder / "workspace")
        self.folder = folder / "runs" / "20261124-090000"
        self.manifest: Manifest = manifest_of(rows, folder, folder, 200)
        draw = np.random.default_rng(0)
        split = rows.assign(split=[("train", "val", "test")[int(group[1:]) % 3] for group in rows["group"]])
        probability = np.where(rows["label"] == "Parasitized", 0.7, 0.2) + draw.normal(0, 0.1, len(rows))
        table = split.assign(probability=probability)[["path", "sha256", "label", "group", "split", "probability"]]
        self.parts: Parts = parts_of(table, folder / "split.parquet", folder)
        self.models = {"MobileNetV2 2": left_by_trainer(folder / "model", "MobileNetV2", table)}
        bundle = self.models["MobileNetV2 2"].folder / "bundle"  # served by a few lines, not by Keras
        (bundle / "serving.py").write_text(SERVING)
        (bundle / "model.keras").write_text("0.0")
        found = score("MobileNetV2 2", "MobileNetV2", table, "Parasitized", Evaluation(bootstrap=100))
        self.evaluated = Evaluated(folder, (replace(found, threshold=0.37),), "MobileNetV2 2")
        table.to_parquet(self.evaluated.predictions("MobileNetV2 2"))
        self.examined = left_by_examination(folder / "examined", self.models["MobileNetV2 2"], threshold=0.37)

    def registered(self, outcome: str, champion: Champion | None = None, run: str = "20261124-090000") -> Registered:
        """``run``: each has one decision."""
        checks = (GateCheck("auc", 0.9, 0.95, 0.92, math.nan, "pass", "AUC is 0.95"),)
        verdict = Verdict(outcome, "MobileNetV2 2", champion is None, "why", "next", checks)  # type: ignore[arg-type]
        made_of = MadeOf(self.manifest, self.parts, None, doubted=3)
        told = (self.evaluated, self.examined, self.models["MobileNetV2 2"], made_of)
        how = (Settings(split=Split(seed=7)), self.workspace)
        return register.function(self.folder.with_name(run), Gated(verdict, champion), *told, *how)


@pytest.fixture(scope="module")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return Finished(tmp_path_factory.mktemp("register"))


@pytest.fixture(scope="module")
def promoted(finished_run: Finished) -> Registered:
    return finished_run.registered("promote")


def test_the_bundle_decides_at_the_threshold_that_evaluation_found(
    finished_run: Finished, promoted: Registered
) -> None:
    assert promoted.champion is not None and promoted.bundle is not None
    assert json.loads((promoted.bundle / "model.json").read_text())["threshold"] == 0.37
    assert promoted.champion.threshold == 0.37
    trained = finished_run.models["MobileNetV2 2"].folder / "bundle" / "model.json"
    assert json.loads(trained.read_text())["threshold"] == 0.5  # what training left stays as it is


def test_it_is_the_champion_and_provisional_where_there_was_none(finished_run: Finished, promoted: Registered) -> None:
    found = find_champion(local_uri(finished_run.workspace), "malaria-cells")
    assert found == promoted.champion
    assert found is not None and found.provisional and promoted.promoted


def test_the_bundle_brings_the_cells_that_new_ones_are_compared_with(promoted: Registered) -> None:
    assert promoted.bundle is not None
    reference = read_reference(promoted.bundle, "the champion")
    assert set(reference["split"]) == {"val", "test"}
    assert "path" not in reference and "group" not in reference


def test_its_card_lies_in_the_bundle_and_its_first_screen_in_mlflow(
    finished_run: Finished, promoted: Registered
) -> None:
    assert promoted.bundle is not None
    card = (promoted.bundle / "MODEL_CARD.md").read_text()
    assert "**Not a medical device.**" in card and "labels are in doubt" in card
    with mlflow_client(local_uri(finished_run.workspace)) as client:
        assert "**Not a medical device.**" in client.get_model_version("malaria-cells", "1").description


def test_its_mlflow_run_is_named_as_ours_and_has_settings_curves_and_digests(
    finished_run: Finished, promoted: Registered
) -> None:
    with mlflow_client(local_uri(finished_run.workspace)) as client:
        (run,) = client.search_runs([client.get_experiment_by_name("malaria-cells").experiment_id])
    assert run.info.run_name == "20261124-090000"
    assert run.data.params["split.seed"] == "7"
    assert run.data.metrics["val_auc"] == CURVES[-1]["val_auc"]
    assert run.data.tags["data_digest"] == finished_run.manifest.digest
    assert run.data.tags["split_digest"] == finished_run.parts.digest


def test_the_page_says_how_to_load_it(promoted: Registered) -> None:
    told = says(promoted)
    assert told.startswith("# MobileNetV2, version 1, is the new champion\n")
    assert '`mlflow.pyfunc.load_model("models:/malaria-cells@champion")`' in told


def test_the_ledger_says_why_and_what_the_champion_was_made_of(finished_run: Finished, promoted: Registered) -> None:
    intent, entry = read_promotions(finished_run.workspace.promotion_ledger)[:2]
    made = entry.decision
    assert (intent.step, made.decision, made.version, made.previous) == ("intent", "promoted", 1, None)
    assert (made.run, made.model, made.why) == ("20261124-090000", "MobileNetV2 2", "why")
    assert [(check["name"], check["value"], check["high"]) for check in made.checks] == [("auc", 0.95, None)]
    assert {*made.digests} == {"data", "labels", "split", "code", "lock", "weights"}
    assert made.test["auc"][0] == finished_run.evaluated.judged.test["auc"].value
    assert "artifacts/bundle/model.keras" in made.files
    assert made.golden is not None and made.golden.startswith("It has no golden batch")


def test_a_second_try_of_the_same_run_decides_nothing_anew(finished_run: Finished, promoted: Registered) -> None:
    before = read_promotions(finished_run.workspace.promotion_ledger)
    assert finished_run.registered("promote").decision == "promoted"
    assert read_promotions(finished_run.workspace.promotion_ledger) == before


def test_who_was_judged_against_another_champion_than_the_present_one_is_kept_from_the_alias(
    finished_run: Finished, promoted: Registered
) -> None:
    late = finished_run.registered("promote", None, "20261126-late")
    assert (late.champion, late.promoted, late.decision) == (promoted.champion, False, "kept")
    assert late.why_not == "Version 1 became champion while this was under way. Run again to be compared with it."
    assert late.why_not in says(late)


@pytest.mark.parametrize("outcome", ["keep", "none"])
def test_where_nothing_is_promoted_the_champion_stays_and_no_version_is_added(
    outcome: str, finished_run: Finished, promoted: Registered
) -> None:
    kept = finished_run.registered(outcome, promoted.champion, f"20261125-{outcome}")
    assert (kept.champion, kept.bundle, kept.promoted) == (promoted.champion, promoted.bundle, False)
    assert (kept.decision, kept.why_not) == ({"keep": "kept", "none": "refused"}[outcome], None)
    assert find_champion(local_uri(finished_run.workspace), "malaria-cells") == promoted.champion
    assert says(kept).startswith("# MobileNetV2, version 1, stays champion\n")


def test_without_candidate_and_champion_no_registry_is_even_made(tmp_path: Path) -> None:
    run = Finished(tmp_path)
    nothing = run.registered("none")
    assert (nothing.champion, nothing.decision, nothing.test_openings) == (None, "refused", 1)
    assert [entry.decision.decision for entry in nothing.decisions] == ["refused"]
    assert not run.workspace.registry.exists()
    assert says(nothing).startswith("# Nothing is registered")
