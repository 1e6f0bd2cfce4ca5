"""What the files must be: there at all, readable, in formats that microscopes and archives write."""

from expectations.rule import BUDGET, Rule, mostly, percent
from smearflow.data.images import FORMATS
from smearflow.data.manifest import REASONS
from smearflow.settings import Quality

# Faults of a file's content, in the scan's words: all reasons before those that people decide, of labels and of copies.
FAULTS = REASONS[: REASONS.index("excluded")]


def suite(quality: Quality) -> tuple[Rule, ...]:
    """The rules about files, one row an image."""
    budget = quality.max_quarantined
    return (
        Rule(
            suite="files",
            sentence="there are images",
            bound="1 or more",
            severity="critical",
            why="A model can't be trained, or checked, on an empty folder.",
            fix="Give a folder that holds cell images as data.source.",
            kind="ExpectTableRowCountToBeBetween",
            arguments={"min_value": 1},
        ),
        Rule(
            suite="files",
            sentence="files can be used as images of cells",
            bound=f"at most {percent(budget)} can't",
            severity="critical",
            why="Many broken files point to a copy that went wrong; what is left may no longer stand for the whole.",
            fix="Copy the images again from where they came from, or raise quality.max_quarantined.",
            kind="ExpectColumnValuesToNotBeInSet",
            column="reason",
            arguments={"value_set": list(FAULTS), "mostly": mostly(budget)},
            settings=BUDGET,
        ),
        Rule(
            suite="files",
            sentence="every file can be used as an image of a cell",
            bound="no exception",
            severity="warning",
            why="A file that is left out is a cell that nobody looks at.",
            fix="See the quarantine table for each file's reason.",
            kind="ExpectColumnValuesToNotBeInSet",
            column="reason",
            arguments={"value_set": list(FAULTS)},
        ),
        Rule(
            suite="files",
            sentence=f"format is one of {', '.join(FORMATS)}",
            bound=f"at most {percent(budget)} are not",
            severity="critical",
            why="Other formats are documents, videos or raw data of a camera, not crops of cells.",
            fix="Convert the files to PNG, which loses nothing.",
            kind="ExpectColumnValuesToBeInSet",
            column="format",
            arguments={"value_set": list(FORMATS), "mostly": mostly(budget)},
            settings=BUDGET,
        ),
        Rule(
            suite="files",
            sentence="no file is a copy of another",
            bound="no exception",
            severity="warning",
            why="A copy counts one cell twice, and could lie in training and test at once; only the first is used.",
            fix="Remove the copies, or leave it: they are left out.",
            kind="ExpectColumnValuesToNotBeInSet",
            column="reason",
            arguments={"value_set": ["duplicate"]},
        ),
    )
