"""A suite of a team's own, as the tests name it in quality.suites: what a patient took back is not trained on."""

from expectations.rule import Rule, mostly
from smearflow.settings import Data, Quality

WITHDRAWN = "no cell is of a patient who took back consent"


def suite(data: Data, quality: Quality) -> tuple[Rule, ...]:
    """One rule that leaves the cells of two patients out; it holds while they are at most half of all."""
    return (
        Rule(
            suite="consent",
            sentence=WITHDRAWN,
            bound="at most 50 %",
            severity="critical",
            why="A patient may take back consent at any time.",
            fix="Delete the images of these patients.",
            kind="ExpectColumnValuesToNotBeInSet",
            column="group",
            arguments={"value_set": ["C1", "C10"], "mostly": mostly(0.5)},
            quarantines=True,
        ),
    )
