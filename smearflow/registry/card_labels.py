"""What a model's card says of its labels: whether people looked at them, and what they said."""

from collections.abc import Mapping

from smearflow.report.wording import counted

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
