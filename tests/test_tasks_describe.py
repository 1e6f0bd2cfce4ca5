"""What a card is written from: the candidate as it was measured, examined and decided about."""

from pathlib import Path

from drawn_manifests import sound
from drawn_models import left_by_examination, left_by_trainer
from drawn_predictions import predictions
from test_tasks_evaluate import evaluated_by

from smearflow.data.manifest import manifest_of
from smearflow.data.splitting import parts_of
from smearflow.registry.promotions import Decision
from smearflow.settings import Settings
from tasks.describe import Judged, card_facts
from tasks.made_of import MadeOf


def test_a_card_tells_of_the_candidate_and_of_nobody_else(tmp_path: Path) -> None:
    table = predictions(skill=3.0)
    models = {name: left_by_trainer(tmp_path / name, name, table) for name in ("compact", "MobileNet")}
    evaluated = evaluated_by(tmp_path, models, table)
    decision = Decision("promoted", "workspace", "cells", None, None, "it finds most", run="a-run")
    manifest = manifest_of(sound(), tmp_path, tmp_path, 200)
    made_of = MadeOf(manifest, parts_of(table, tmp_path / "split.parquet", tmp_path), None, doubted=7)
    examined = left_by_examination(tmp_path / "examined", models["compact"])
    facts = card_facts(Judged(decision, True, evaluated, examined, models["compact"], made_of), Settings(), openings=4)
    assert facts.scores == evaluated.judged and facts.trained.name == "compact"
    assert (facts.why, facts.provisional, facts.openings, facts.doubted) == ("it finds most", True, 4, 7)
    assert facts.latency_ms == examined.latency_ms and facts.novel == examined.novelty
    assert "tensorflow" in facts.versions
