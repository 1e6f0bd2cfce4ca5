"""How sure the candidate may be: what its probabilities are worth, where it says unsure, what it doesn't know."""

from dataclasses import dataclass

from smearflow.evaluation.abstention import Abstention
from smearflow.evaluation.calibration import Calibration
from smearflow.evaluation.scoring import Scores
from smearflow.report.charts import SQUARE, Axis, Chart, Series, diagonal, lines, mark
from smearflow.report.findings import Findings
from smearflow.report.pseudonyms import Names
from smearflow.report.wording import counted, interval, percent

STRANGE = 0.95  # share of strangers that should be noticed
FAMILIAR = 0.05  # share of test cells that may be taken for strangers


@dataclass(frozen=True)
class Stranger:
    """What the model was shown, the share of it that was called unlike the training set, and whether that is well."""

    what: str
    share: float
    good: bool


@dataclass(frozen=True)
class CertaintySection:
    """Charts and figures. ``familiar``: the test cells themselves; ``strangers``: what no training image looks like."""

    judged: Scores
    calibrated_by: str
    reliability: Chart | None
    fewest: int
    abstention: Abstention | None
    curve: Chart | None
    familiar: Stranger | None
    strangers: tuple[Stranger, ...]


def certainty_section(findings: Findings, names: Names) -> CertaintySection | None:
    """None where no model was measured with its calibration."""
    scores, abstention = findings.judged, findings.abstention
    if scores is None or not scores.reliability:
        return None
    novelty = findings.examined.novelty if findings.examined else {}
    return CertaintySection(
        judged=scores,
        calibrated_by=_in_words(scores.calibration),
        reliability=_reliability(scores, findings.settings.data.positive),
        fewest=min(level.images for level in scores.reliability),
        abstention=abstention,
        curve=_curve(abstention) if abstention and abstention.curve else None,
        familiar=next((Stranger("test cells", s, s <= FAMILIAR) for n, s in novelty.items() if n == "test"), None),
        strangers=tuple(Stranger(n.replace("_", " "), s, s >= STRANGE) for n, s in novelty.items() if n != "test"),
    )


def _in_words(calibration: Calibration) -> str:
    """What was done to the network's probabilities, in a sentence."""
    if calibration.kind == "temperature":
        bold = "too sure of itself" if calibration.temperature > 1 else "not sure enough of itself"
        return f"Calibrated on validation by one temperature, {calibration.temperature:.2f}: the network was {bold}."
    if calibration.kind == "isotonic":
        return f"Calibrated on validation by a rising curve of {counted(len(calibration.x), 'point')}."
    return "Not calibrated: no way of it held out better, or there was too little to learn it from."


def _reliability(scores: Scores, positive: str) -> Chart:
    """The share of positive cells at each probability; on the diagonal they agree."""
    said = Axis(f"probability of {positive}, mean of a tenth", 0, 1, 1)
    true = Axis(f"share that is {positive}", 0, 1, 1, SQUARE)
    points = [(level.probability, level.share) for level in scores.reliability]
    rings = "".join(mark(said, true, point, "s0") for point in points)
    told = "; ".join(f"at {n.probability:.2f} {n.share:.2f} of {n.images:,}" for n in scores.reliability)
    series = [Series(scores.name, points, 0)]
    return lines("What its probabilities are worth", told, said, true, series, diagonal(said, true) + rings)


def _curve(abstention: Abstention) -> Chart:
    """The error among those that are answered, the surest first, and a ring where the band lets it stand."""
    points = [(100 * coverage, 100 * error) for coverage, error in abstention.curve]
    answered = Axis("cells that are answered, %", 0, 100)
    wrong = Axis("wrong of these, %", 0, max(2.0, 1.1 * max(error for _, error in points)), length=SQUARE)
    stands = (100 - 100 * abstention.share.value, 100 * abstention.outside.value)
    told = (
        f"All answered: {percent(abstention.everywhere.value)} wrong. "
        f"Without the unsure: {interval('', abstention.outside)} wrong."
    )
    ring = mark(answered, wrong, stands, "s1") if abstention.unsure < abstention.images else ""
    return lines("Risk against coverage", told, answered, wrong, [Series("error", points, 1)], ring)
