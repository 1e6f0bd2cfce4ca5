"""What the groups (patients) must be: known for every image that is used, and enough of them with each class."""

from expectations.rule import Rule, Severity
from smearflow.settings import Data, Quality


def suite(data: Data, quality: Quality) -> tuple[Rule, ...]:
    """The rules about groups: one row an image, and one row a class."""
    return (
        Rule(
            suite="groups",
            sentence="every image that is used has a group",
            bound="no exception",
            severity="critical",
            why="Cells of one patient look alike: an image without a patient could lie in training and test at once.",
            fix="Set data.group_pattern to match the file names, or data.group=image if every image stands for itself.",
            kind="ExpectColumnValuesToNotBeNull",
            column="group",
            arguments={"row_condition": 'reason=="used"', "condition_parser": "pandas"},
            settings=("data.group_pattern", "data.group"),
        ),
        *(_one_owner() if data.group == "pattern" else ()),
        _enough(
            quality.min_class_groups,
            "quality.min_class_groups",
            "critical",
            "With fewer patients, one of the three sets has none with this class, or a single one that decides all.",
            "Add images of more patients, or lower quality.min_class_groups.",
        ),
        _enough(
            quality.warn_class_groups,
            "quality.warn_class_groups",
            "warning",
            "With few patients the test figures say more of those patients than of the next one: intervals are wide.",
            "Add images of more patients, and read the intervals rather than the figures.",
        ),
    )


def _one_owner() -> tuple[Rule, ...]:
    """That one cell isn't said to be of two patients: where every image stands for itself, each copy would be."""
    return (
        _of_one_group(
            "pixels",
            "the same image is of one group (patient)",
            "A cell that two patients have was misnamed, and what lies under either name can't be trusted.",
            "Find out whose slide it is, and delete the copy under the other name.",
        ),
        _of_one_group(
            "cluster",
            "changed copies of an image are of one group (patient)",
            "A turned or re-encoded copy under another patient's name ties the two: they must lie in one set.",
            "Look at the pairs in the report, and delete the copy under the wrong name.",
        ),
    )


def _of_one_group(column: str, sentence: str, why: str, fix: str) -> Rule:
    return Rule(
        suite="groups",
        sentence=sentence,
        bound="no exception",
        severity="warning",
        why=why,
        fix=fix,
        kind="expectations.determines:ExpectColumnToDetermineAnother",
        arguments={"column_A": column, "column_B": "group"},
        settings=("data.group_pattern",),
    )


def _enough(least: int, setting: str, severity: Severity, why: str, fix: str) -> Rule:
    return Rule(
        suite="groups",
        sentence="each class comes from enough groups (patients)",
        bound=f"{least} or more",
        severity=severity,
        why=why,
        fix=fix,
        kind="ExpectColumnValuesToBeBetween",
        column="groups",
        table="classes",
        arguments={"min_value": least},
        settings=(setting,),
    )
