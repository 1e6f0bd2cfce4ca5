"""The model card: what a model is for and not for, what it does and on whom, in a doctor's words first.

After Mitchell et al. 2019, "Model Cards for Model Reporting". It names no patient and no path.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from smearflow.data.manifest import Manifest
from smearflow.data.splitting import Parts
from smearflow.evaluation.abstention import Abstention
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.slices import Slice, in_words
from smearflow.models.spec import Trained
from smearflow.registry.card_labels import figures_by_truth, review_of
from smearflow.report.wording import NBSP, count, counted, interval, percent
from smearflow.settings import Settings

CARD = "MODEL_CARD.md"
RARE = 0.01  # share of cells that are infected, in a smear of many
FEW = 20  # patients of a test set, below which the card says so
LONGEST = 5000  # characters of a description that MLflow keeps

NOT_A_DEVICE = (
    "**Not a medical device.** A research tool that helps a trained person look through cells. It has not been "
    "approved or tested for diagnosis; nobody may be treated, or sent home, on what it says."
)
WRONG_LABELS = (
    "In the public malaria cells about one in twenty is wrong (Fuhad et al. 2020), which counts against a model that "
    "is right, and for one that is wrong."
)
BEGUN = {"random": "from random weights", "imagenet": "from ImageNet's weights"}
SHOWN = {"test": "cells of the test set"}  # what novelty was tried on, where its name alone says too little
DRAWN = "**Its cells are drawn, not photographed:** the figures say nothing of real smears."


@dataclass(frozen=True)
class CardFacts:
    """What a card is written from. ``why``: the gate's sentence. ``doubted``: training images left out because their
    labels were in doubt; ``readers``: people whose decisions about labels count; ``openings``: decisions of this name
    that opened a test set, this one too; ``worst``: slices, the worst first; ``novel``: share, 0-1, that is called out
    of distribution, by what was shown; ``latency_ms``: of an image on the run's machine; ``digests``, ``versions``: by
    name.
    """

    run_id: str
    settings: Settings
    manifest: Manifest
    parts: Parts
    trained: Trained
    scores: Scores
    why: str
    provisional: bool
    digests: Mapping[str, str]
    versions: Mapping[str, str]
    doubted: int = 0
    readers: int = 0
    openings: int = 1
    worst: tuple[Slice, ...] = ()
    abstention: Abstention | None = None
    novel: Mapping[str, float] = field(default_factory=dict)
    latency_ms: float | None = None


def card_of(facts: CardFacts) -> str:
    """The whole of MODEL_CARD.md."""
    sections = (_first_screen, _use, _figures, _weak_spots, _silence, _data, _training, _provenance, _loading)
    return "\n\n".join(section(facts).strip() for section in sections) + "\n"


def description_of(facts: CardFacts) -> str:
    """The first screen of the card alone, as long as MLflow keeps it: for a version's description."""
    return f"{_first_screen(facts)}\n\nThe whole card: {CARD}, in the version's bundle."[:LONGEST]


def write_card(facts: CardFacts, bundle: Path) -> None:
    """Put the card into ``bundle``."""
    (bundle / CARD).write_text(card_of(facts), encoding="utf-8")


def false_alarms(scores: Scores, share: float) -> float:
    """Of the cells that it calls positive, the share, 0-1, that isn't, where a ``share`` of all cells is; NaN where
    that couldn't be measured. By Bayes' rule from sensitivity and specificity."""
    right = share * scores.test["sensitivity"].value
    wrong = (1 - share) * (1 - scores.test["specificity"].value)
    return wrong / (right + wrong) if right + wrong > 0 else math.nan


def _first_screen(facts: CardFacts) -> str:
    data, test = facts.settings.data, facts.scores.test
    drawn = f"\n\n{DRAWN}" if "demo" in data.sources else ""
    standing = "It was made champion" + (", provisionally: there was none to compare it with" * facts.provisional)
    rows = [
        ("Verdict", f"{standing}. {facts.why}"),
        (f"Of 100 {data.positive} cells", f"it misses {_of_100(test['sensitivity'])}"),
        (f"Of 100 {data.negative} cells", f"it calls {_of_100(test['specificity'])} {data.positive}"),
        (
            f"Where 1 cell in {1 / RARE:.0f} is {data.positive}",
            f"{_rounded(100 * false_alarms(facts.scores, RARE))} of 100 cells that it calls {data.positive} are not",
        ),
        ("Measured on", f"{counted(facts.scores.images, 'cell')} of {_patients(facts)}"),
    ]
    if facts.abstention:
        rows.append(("Says *unsure*", f"of {_share(facts.abstention.share)} of cells, rather than guess"))
    if facts.worst:
        rows.append(("Weakest", _slice(facts.worst[0])))
    table = "\n".join(f"| {name} | {said} |" for name, said in rows)
    limits = "\n".join(f"- {limit}" for limit in _limits(facts))
    return f"""# {facts.scores.name}, a model card

{NOT_A_DEVICE}{drawn}

| | |
|---|---|
{table}

In brackets: 95 % intervals, by drawing patients anew.

**Limits**

{limits}"""


def _limits(facts: CardFacts) -> list[str]:
    data = facts.settings.data
    found = [
        "It sees one red blood cell at a time, already cut out of a stained thin smear. It finds no cells, reads no "
        f"whole slide and no thick smear, and names neither species nor stage. That a cell is called {data.negative} "
        "says little of its patient.",
        f"Its cells come from {_sources(facts)}. Another laboratory, microscope or stain is another question: try it "
        "on labelled cells of your own first.",
    ]
    if "demo" not in data.sources:
        found.append(f"{review_of(facts.manifest.labelled, facts.readers)} {WRONG_LABELS}")
    if facts.scores.groups < FEW:
        found.append(f"{_patients(facts)} are few: the next patient may be quite another.")
    return found


def _use(facts: CardFacts) -> str:
    data = facts.settings.data
    return f"""## What it is for

To put cells in order for a person who reads smears: those first that look {data.positive}. To teach, and
to compare models. For researchers and engineers, and for microscopists who look at each cell themselves.

**Not for** diagnosis, treatment, screening without a person, or blood donations; not for cells of animals, other
stains, or pictures that show anything but one cell."""


def _figures(facts: CardFacts) -> str:
    scores = facts.scores
    counts = scores.confusion
    return f"""## How good it is

On {counted(scores.images, "test image")} of {_patients(facts)}, at the threshold {scores.threshold:.4f}
of the calibrated probability, which was chosen on validation.{_openings(facts.openings)}

{figures_by_truth(scores)}

Right: {counts["tp"]:,} {facts.settings.data.positive} and {counts["tn"]:,} {facts.settings.data.negative}.
Missed: {counts["fn"]:,}. False alarms: {counts["fp"]:,}.

Probabilities: {_calibration(scores)}"""


def _openings(openings: int) -> str:
    if openings < 2:
        return ""
    return f" It was decision {openings:,} on this test set: the more of them, the more its figures flatter."


def _calibration(scores: Scores) -> str:
    calibration = scores.calibration
    if calibration.kind == "none":
        return "as the network gives them; calibrating them on validation made them no better."
    if calibration.kind == "temperature":
        return f"calibrated on validation, by the temperature {calibration.temperature:.3f}."
    return "calibrated on validation, by isotonic regression."


def _weak_spots(facts: CardFacts) -> str:
    if not facts.worst:
        return "## Where it is weakest\n\nNo part of the test set was found to lie below the whole."
    return "## Where it is weakest\n\n" + "\n".join(f"- {_slice(each)}" for each in facts.worst)


def _silence(facts: CardFacts) -> str:
    said = []
    if facts.abstention:
        band = facts.abstention.band
        said.append(
            f"Where the probability is from {band[0]:.4f} to below {band[1]:.4f} it says `unsure`: "
            f"{_share(facts.abstention.share)} of the test cells. Of those it would have called "
            f"{_share(facts.abstention.inside)} wrong, of the others {_share(facts.abstention.outside)}."
        )
    if facts.novel:
        shares = ", ".join(f"{SHOWN.get(name, name)} {percent(share)}" for name, share in facts.novel.items())
        said.append(f"Pictures unlike its training images are called `out_of_distribution`: {shares}.")
    return "## When it doesn't answer\n\n" + ("\n\n".join(said) or "It always answers, whatever the picture shows.")


def _data(facts: CardFacts) -> str:
    manifest, parts, split = facts.manifest, facts.parts, facts.settings.split
    classes = ", ".join(f"{number:,} {name}" for name, number in manifest.classes.items())
    apart = (
        "no patient is in two sets" if split.by == "group" else "**patients are in several sets**, so figures flatter"
    )
    doubted = (
        f" {counted(facts.doubted, 'training image')} whose labels are in doubt were left out." if facts.doubted else ""
    )
    return f"""## What it was made of

{counted(manifest.images, "image")} of {manifest.groups:,} patients ({classes}), from {_sources(facts)};
{manifest.quarantined:,} files were left out as unfit, {manifest.review:,} for review of their labels.
Divided by {split.by}: {parts.train:,} to train, {parts.val:,} to validate, {parts.test:,} to test; {apart}.{doubted}"""


def _training(facts: CardFacts) -> str:
    made = facts.trained
    cut = f", cut at {made.cut}" if made.cut else ""
    speed = f", {facts.latency_ms:.1f} ms an image on the run's machine" if facts.latency_ms is not None else ""
    note = f" {made.note[:1].upper()}{made.note[1:]}." if made.note else ""
    begun = BEGUN.get(made.weights, "from weights that were given")
    return f"""## How it was trained

{made.name}: {made.params:,} parameters, {made.trainable:,} of them fitted {begun}, at {made.input_size}{NBSP}px{cut}.
{counted(made.epochs, "pass", "passes")} over the training images. {made.size_mb:.2f} MiB{speed}.{note}"""


def _provenance(facts: CardFacts) -> str:
    digests = {**facts.digests, "weights": facts.trained.weights_digest}
    rows = "\n".join(f"| {name} | `{digest}` |" for name, digest in digests.items())
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    return f"""## Where it comes from

Run `{facts.run_id}` of smearflow. To make it again: `smearflow reproduce {facts.run_id}`.

| digest of | |
|---|---|
{rows}

{versions}"""


def _loading(facts: CardFacts) -> str:
    name = facts.settings.registry.name
    return f"""## How to load it

```python
import mlflow, pandas as pd
model = mlflow.pyfunc.load_model("models:/{name}@champion")  # or models:/{name}/VERSION
model.predict(pd.DataFrame({{"image": [open("cell.png", "rb").read()]}}))  # label, probability, decision
```

Without MLflow: `serving.py` beside this card needs NumPy, pandas, Pillow and Keras: `load(folder).predict([bytes])`."""


def _patients(facts: CardFacts) -> str:
    """On whom it was measured."""
    scores = facts.scores
    unseen = f", {scores.known_groups:,} of whom were trained on too" if scores.known_groups else " that it never saw"
    return f"{counted(scores.groups, 'patient')}{unseen}"


def _sources(facts: CardFacts) -> str:
    """The sources without the folders that they lie in."""
    return ", ".join(f"`{Path(source).name}`" for source in facts.settings.data.sources)


def _slice(part: Slice) -> str:
    called = "one patient" if part.group is not None else part.name
    return in_words(part, called)


def _share(figure: Interval) -> str:
    return interval("share", figure)


def _of_100(right: Interval) -> str:
    """How many of 100 go wrong, with the interval: ``4 (2 to 6)``."""
    if math.isnan(right.value):
        return "a number that could not be measured"
    wrong = (1 - right.value, 1 - right.high, 1 - right.low)
    value, low, high = (_rounded(100 * share) for share in wrong)
    return f"{value} ({low} to {high})"


def _rounded(number: float) -> str:
    """To whole numbers, below 10 to one digit after the point."""
    if math.isnan(number):
        return "an unknown number"
    return count(number) if number >= 10 or number == round(number) else f"{number:.1f}"
