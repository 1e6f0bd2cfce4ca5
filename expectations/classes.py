"""What the labels must be: known, not in conflict, enough of each class, and neither class a rarity."""

from typing import Any

from expectations.rule import BUDGET, Rule, Severity, mostly, percent
from smearflow.settings import Data, Quality


def suite(data: Data, quality: Quality) -> tuple[Rule, ...]:
    """The rules about labels (one row an image) and about classes (one row a class)."""
    return (*_labels(data, quality), *_balance(quality), *_evenness(quality))


def _labels(data: Data, quality: Quality) -> tuple[Rule, ...]:
    folders = " and ".join(f"{name}/" for name in data.classes)
    budget = quality.max_quarantined
    allowed = {"value_set": list(data.classes)}
    return (
        _label(
            "every image that is used has a label",
            "no exception",
            "A model learns from labels, and a label is the name of the folder, or what a person said of the cell.",
            f"Sort the images into the folders {folders}, and give the folder above them as data.source. "
            "Images without labels can be scored (smearflow predict) and labelled (smearflow review --cells FOLDER), "
            "not trained on.",
            kind="ExpectColumnValuesToNotBeNull",
            arguments={"row_condition": 'reason=="used"', "condition_parser": "pandas"},
        ),
        Rule(
            suite="classes",
            sentence="no image waits for a label",
            bound="no exception",
            severity="warning",
            why="Images that lie in no class folder are left out until a person has said what they show.",
            fix="Label them: smearflow review --cells FOLDER; or sort them into class folders.",
            kind="ExpectColumnValuesToNotBeInSet",
            column="reason",
            arguments={"value_set": ["unlabelled"]},
        ),
        _label(
            f"the label is one of {', '.join(data.classes)}",
            f"at most {percent(budget)} are not",
            "A folder of another name is a class that the model wouldn't know, or a misspelt one.",
            f"Rename the folders to {folders}, or name yours in data.classes.",
            kind="ExpectColumnValuesToBeInSet",
            arguments={**allowed, "mostly": mostly(budget)},
            settings=("data.classes", *BUDGET),
        ),
        _label(
            f"no image lies outside {', '.join(data.classes)}",
            "no exception",
            "Images of other classes are left out of training and test.",
            f"Rename the folders to {folders}, or leave it: they are left out.",
            severity="warning",
            kind="ExpectColumnValuesToBeInSet",
            arguments=allowed,
            settings=("data.classes",),
        ),
        Rule(
            suite="classes",
            sentence="no image has two labels",
            bound="no exception",
            severity="warning",
            why="The same image under both classes is wrong in one of them; a person has to look before it is used.",
            fix="Look at the pairs in the quarantine table (label_conflict) and delete the wrong copy of each.",
            kind="ExpectColumnValuesToNotBeInSet",
            column="reason",
            arguments={"value_set": ["label_conflict"]},
        ),
    )


def _balance(quality: Quality) -> tuple[Rule, ...]:
    least, critical, warning = quality.min_class_images, quality.minority_critical, quality.minority_warning
    return (
        _class(
            "each class has enough images",
            f"{least} or more",
            "With fewer, the test set's share of a class is a handful of cells, and its figures mean nothing.",
            "Add images of the smaller class, or lower quality.min_class_images.",
            column="images",
            arguments={"min_value": least},
            settings=("quality.min_class_images",),
        ),
        _class(
            "the smaller class holds its share of the images",
            f"{percent(critical)} or more",
            "A rare class is learnt badly, and a model that never says its name still looks accurate.",
            "Add images of the smaller class, leave out some of the larger, or lower quality.minority_critical.",
            column="share",
            arguments={"min_value": critical},
            settings=("quality.minority_critical",),
        ),
        _class(
            "the classes are balanced",
            f"{percent(warning)} or more each",
            "The further from half, the less accuracy says: read sensitivity and specificity instead.",
            "Add images of the smaller class, or read accuracy with care.",
            severity="warning",
            column="share",
            arguments={"min_value": warning},
            settings=("quality.minority_warning",),
        ),
    )


def _evenness(quality: Quality) -> tuple[Rule, ...]:
    budget = quality.class_budget
    return (
        _class(
            "no class lost many files to the quarantine",
            f"at most {percent(budget)} each",
            "Files broken in one class only are lost for a reason, and that reason may be what the model learns.",
            "Copy that class again from where it came from, or raise quality.max_class_quarantined.",
            column="faulty",
            arguments={"max_value": budget},
            settings=("quality.max_class_quarantined",),
        ),
        _class(
            "the images of a class are in one format",
            "1 format each",
            "If one class holds more JPEG files than the other, a model can tell them by compression alone.",
            "Take both classes from one export.",
            severity="warning",
            column="formats",
            arguments={"max_value": 1},
        ),
    )


def _label(sentence: str, bound: str, why: str, fix: str, *, severity: Severity = "critical", **rest: Any) -> Rule:
    return Rule("classes", sentence, bound, severity, why, fix, column="label", **rest)


def _class(sentence: str, bound: str, why: str, fix: str, *, severity: Severity = "critical", **rest: Any) -> Rule:
    kind = "ExpectColumnValuesToBeBetween"
    return Rule("classes", sentence, bound, severity, why, fix, kind, table="classes", **rest)
