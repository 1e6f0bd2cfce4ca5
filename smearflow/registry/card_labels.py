"""What a model's card says of its labels: whether people looked at them, what they said, and the figures by both."""

from collections.abc import Mapping

from smearflow.evaluation.scoring import Scores
from smearflow.report.wording import counted, interval, metric

UNREVIEWED = "Labels are as they were given: nobody reviewed them for this model."
SAID = {  # by the manifest's label_source
    "kept": "kept",
    "relabelled": "changed",
    "labelled": "given where there was none",
    "excluded": "excluded with their cells",
    "unsure": "left as they were, being unsure",
    "disputed": "left as they were, being of two minds",
}


def review_of(labelled: Mapping[str, int], readers: int) -> str:
    """A sentence or two. ``labelled``: images by label_source; ``readers``: people whose decisions count."""
    said = {how: labelled[source] for source, how in SAID.items() if labelled.get(source)}
    if not said:
        return UNREVIEWED
    told = ", ".join(f"{number:,} {how}" for how, number in said.items())
    share = f"{sum(said.values()):,} of {sum(labelled.values()):,} labels"
    return f"{counted(readers, 'person', 'people')} looked at {share}: {told}. All others are as they were given."


def figures_by_truth(scores: Scores) -> str:
    """The table of figures; where people looked at test labels, by theirs and by the labels as given."""
    if not scores.given:
        rows = "\n".join(f"| {metric(name)} | {interval(name, figure)} |" for name, figure in scores.test.items())
        return f"| figure | with 95 % interval |\n|---|---|\n{rows}"
    rows = "\n".join(
        f"| {metric(name)} | {interval(name, figure)} | {interval(name, scores.given[name])} |"
        for name, figure in scores.test.items()
    )
    return f"| figure | by the labels that people reviewed | by the labels as given |\n|---|---|---|\n{rows}"
