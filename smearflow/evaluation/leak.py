"""Too good to be true: figures that given labels don't allow, on patients that the model never met.

About 5 % of the labels of the public cells are wrong (Fuhad et al. 2020), so the best models end near 0.957 on patients
apart; a published one fell from .986 to .959 when patients were kept apart.
"""

from smearflow.evaluation.scoring import Scores

SUSPICIOUS = 0.98  # accuracy


def leak_warning(scores: Scores, checked: tuple[str, ...]) -> str | None:
    """What to say of a model that is right on SUSPICIOUS of the cells of patients apart, by labels nobody reviewed.

    ``checked``: what was looked for, in sentences' halves, each with what was found. None where it isn't so good.
    """
    accuracy = scores.test["accuracy"].value
    if not accuracy >= SUSPICIOUS:
        return None
    return (
        f"{scores.name} is right on {100 * accuracy:.1f} % of the test cells, by labels that nobody reviewed. About "
        f"5 % of such labels are wrong, so look for a leak before you believe it. Checked: {'; '.join(checked)}."
    )
