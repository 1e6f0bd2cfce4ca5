"""The model card: verdict, risk and limits on its first screen, no patient and no path in it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_models import trained

from smearflow.data.manifest import Manifest
from smearflow.data.splitting import Parts
from smearflow.evaluation.abstention import abstention
from smearflow.evaluation.calibration import Calibration
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import score
from smearflow.evaluation.slices import Slice
from smearflow.registry.card import CARD, CardFacts, card_of, description_of, false_alarms, write_card
from smearflow.settings import Data, Evaluation, Settings, Split

EVALUATION = Evaluation(bootstrap=100)
SETTINGS = Settings(data=Data(source="/home/somebody/cells/nlm.zip"), evaluation=EVALUATION)


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    """600 cells of 30 patients, most of them called right."""
    draw = np.random.default_rng(1)
    sick = draw.random(600) < 0.5
    patient = np.arange(600) % 30
    return pd.DataFrame(
        {
            "path": [f"C{n}_{at}.png" for at, n in enumerate(patient)],
            "label": np.where(sick, "Parasitized", "Uninfected"),
            "group": [f"C{n}" for n in patient],
            "split": np.where(patient < 10, "train", np.where(patient < 20, "val", "test")),
            "probability": np.clip(np.where(sick, 0.8, 0.2) + draw.normal(0, 0.25, 600), 0.01, 0.99),
        }
    )


@pytest.fixture(scope="module")
def facts(predictions: pd.DataFrame) -> CardFacts:
    classes = {"Parasitized": 290, "Uninfected": 310}
    return CardFacts(
        run_id="20261129-080000-aaaa",
        settings=SETTINGS,
        manifest=Manifest(Path("m"), Path("q"), "d" * 64, Path("/home/somebody"), 600, classes, 30, 4, 2, {}, 606),
        parts=Parts(Path("p"), "s" * 32, Path("/home/somebody"), 200, 200, 200, 30, 0, 0, 0),
        trained=trained("compact", weights="/home/somebody/w.h5"),
        scores=score("compact", "w" * 64, predictions, "Parasitized", EVALUATION),
        why="compact finds most of them.",
        provisional=True,
        digests={"data": "d" * 64},
        versions={"tensorflow": "2.21.0"},
    )


def test_its_first_screen_has_verdict_risk_and_limits(facts: CardFacts) -> None:
    screen = card_of(facts).partition("## What it is for")[0]
    assert "**Not a medical device.**" in screen
    assert "It was made champion, provisionally: there was none to compare it with. compact finds most" in screen
    missed = 100 * (1 - facts.scores.test["sensitivity"].value)
    assert f"| Of 100 Parasitized cells | it misses {missed:.1f}" in screen or f"it misses {missed:.0f}" in screen
    assert "of 100 cells that it calls Parasitized are not" in screen
    assert "10\xa0patients that it never saw" in screen
    assert "one in twenty is wrong" in screen and "are few" in screen
    assert len(screen) < 3000


def test_no_patient_and_no_path_is_in_it(facts: CardFacts) -> None:
    right, gap = Interval(0.7, 0.6, 0.8), Interval(-0.2, -0.3, -0.1)
    patient = Slice("patient", "patient C27", "C27", images=20, positives=0, groups=1, accuracy=right, gap=gap)
    card = card_of(replace(facts, worst=(patient,)))
    assert "Cells of one patient: 70 % (60 to 80) right of 20" in card
    assert "C27" not in card and "somebody" not in card
    assert "`nlm.zip`" in card and "from weights that were given" in card


def test_where_infection_is_rare_most_alarms_are_false(facts: CardFacts) -> None:
    test = {"sensitivity": Interval(0.9, 0.9, 0.9), "specificity": Interval(0.99, 0.99, 0.99)}
    scores = replace(facts.scores, test={**facts.scores.test, **test})
    assert false_alarms(scores, 0.5) == pytest.approx(0.01 / 0.91)
    assert false_alarms(scores, 0.01) == pytest.approx(99 / 189)
    perfect = replace(scores, test={**test, "specificity": Interval(1.0, 0.9, 1.0)})
    assert false_alarms(perfect, 0.01) == 0


def test_drawn_cells_are_called_so_before_anything_else(facts: CardFacts) -> None:
    drawn = card_of(replace(facts, settings=Settings()))
    assert drawn.index("Its cells are drawn, not photographed") < drawn.index("| Verdict |")
    assert "one in twenty" not in drawn


def test_who_looked_at_labels_and_what_they_said_is_told(facts: CardFacts) -> None:
    assert "nobody reviewed them for this model" in card_of(facts)
    manifest = replace(facts.manifest, labelled={"given": 500, "kept": 80, "relabelled": 18, "unsure": 2})
    card = card_of(replace(facts, manifest=manifest, readers=2))
    assert "2\xa0people looked at 100 of 600 labels: 80 kept, 18 changed, 2 left as they were, being unsure." in card
    assert "nobody reviewed" not in card and "one in twenty" in card


def test_every_figure_has_its_interval(facts: CardFacts) -> None:
    card = card_of(facts)
    for name in ("Accuracy", "Sensitivity", "Specificity", "AUC", "MCC", "Brier score", "Accuracy a patient"):
        assert f"| {name} | " in card
    assert card.count(" to ") > len(facts.scores.test)


def test_where_labels_were_reviewed_both_truths_have_their_figures(facts: CardFacts) -> None:
    given = {name: Interval(0.876, 0.8, 0.9) for name in facts.scores.test}
    card = card_of(replace(facts, scores=replace(facts.scores, given=given)))
    assert "| figure | by the labels that people reviewed | by the labels as given |" in card
    assert "| 87.6\xa0% (80.0 to 90.0) |" in card
    assert "as given |" not in card_of(facts)


def test_what_a_model_does_where_it_is_unsure_is_told(facts: CardFacts, predictions: pd.DataFrame) -> None:
    test = predictions[predictions["split"] == "test"]
    card = card_of(
        replace(
            facts, abstention=abstention(test, "Parasitized", 0.5, (0.4, 0.6), 100), novel={"test": 0.01, "noise": 1}
        )
    )
    assert "| Says *unsure* |" in card and "from 0.4000 to below 0.6000 it says `unsure`" in card
    assert "cells of the test set 1.0\xa0%, noise 100.0\xa0%" in card
    assert "It always answers" in card_of(facts)


@pytest.mark.parametrize(
    ("calibration", "told"),
    [
        (Calibration(), "made them no better"),
        (Calibration("temperature", temperature=1.25), "by the temperature 1.250"),
        (Calibration("isotonic", x=(0, 1), y=(0, 1)), "by isotonic regression"),
    ],
)
def test_calibration_is_told(facts: CardFacts, calibration: Calibration, told: str) -> None:
    assert told in card_of(replace(facts, scores=replace(facts.scores, calibration=calibration)))


def test_leaks_doubts_and_openings_are_told(facts: CardFacts) -> None:
    by_image = facts.settings.model_copy(update={"split": Split(by="image")})
    told = card_of(replace(facts, settings=by_image, doubted=7, openings=5, latency_ms=1.2))
    assert "patients are in several sets" in told and "7\xa0training images whose labels are in doubt" in told
    assert "decision 5 on this test set" in told and "1.2 ms an image" in told
    assert "It was decision" not in card_of(facts)


def test_it_lies_in_the_bundle_and_its_first_screen_fits_a_description(facts: CardFacts, tmp_path: Path) -> None:
    write_card(facts, tmp_path)
    card = (tmp_path / CARD).read_text()
    assert card.startswith("# compact, a model card")
    description = description_of(replace(facts, why="why " * 3000))
    assert len(description) <= 5000 and description.startswith("# compact")
    assert CARD in description_of(facts)


def test_what_could_not_be_measured_is_said(facts: CardFacts) -> None:
    nothing = Interval(float("nan"), float("nan"), float("nan"))
    card = card_of(replace(facts, scores=replace(facts.scores, test={**facts.scores.test, "specificity": nothing})))
    assert "a number that could not be measured" in card and "an unknown number of 100 cells" in card
