"""Too good to be true: figures that given labels don't allow, on patients that the model never met.

About 5 % of the labels of the public cells are wrong (Fuhad et al. 2020), so the best models end near 0.957 on patients
apart; a published one fell from .986 to .959 when patients were kept apart. Where people reviewed labels of the test
set a good model may reach more by theirs, and what it reaches by the labels as given decides.
"""

from smearflow.evaluation.scoring import Scores
from smearflow.evaluation.truths import Review

SUSPICIOUS = 0.98  # accuracy


def leak_warning(scores: Scores, checked: tuple[str, ...], review: Review | None = None) -> str | None:
    """What to say of a model that is right on SUSPICIOUS of the cells of patients apart, by the labels as given.

    ``checked``: what was looked for, in sentences' halves, each with what was found; ``review``: what people said of
    the test labels, where they did. None where it isn't so good.
    """
    accuracy = scores.given.get("accuracy", scores.test["accuracy"]).value
    if not accuracy >= _bound(review):
        return None
    right = f"{scores.name} is right on {100 * accuracy:.1f} % of the test cells"
    return f"{right}, {_by(review, scores)} Checked: {'; '.join(checked)}."


def _bound(review: Review | None) -> float:
    """From where on it is suspicious. Where people looked at every label, what they left of them is known: whoever
    agrees with more of the given ones knows wrong ones by heart."""
    if review is None or review.reviewed < review.images:
        return SUSPICIOUS
    return max(SUSPICIOUS, 1 - review.changed / review.images)


def _by(review: Review | None, scores: Scores) -> str:
    """By which labels, and why that is too many."""
    if review is None or not review.reviewed:
        return (
            "by labels that nobody reviewed. About 5 % of such labels are wrong, so look for a leak before you "
            "believe it."
        )
    found = f"{100 * scores.test['accuracy'].value:.1f} % by the reviewed ones"
    if review.reviewed < review.images:
        return (
            f"by the labels as given ({found}: people looked at {review.reviewed:,} of {review.images:,} and changed "
            f"{review.changed:,}). About 5 % of such labels are wrong, so look for a leak before you believe it."
        )
    return (
        f"by the labels as given ({found}). People looked at all {review.images:,} and changed {review.changed:,}: a "
        "model that agrees with the wrong ones too must have met them, so look for a leak before you believe it."
    )
