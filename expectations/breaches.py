"""Row by row: which image breaks which rule, written down beside the manifest, and what it means for the manifest."""

from collections.abc import Mapping

import pandas as pd

from expectations.engine import Result
from expectations.rule import Rule

COLUMNS = ("path", "suite", "expectation", "severity", "passed", "quarantines")
LEFT_OUT = "contract"  # the reason of rows that a rule leaves out


def breaches_of(rules: Mapping[int, Rule], results: Mapping[int, Result]) -> pd.DataFrame:
    """A row for each image and each of ``rules`` (about images, by number) that it breaks, in the rules' order.

    path as in the manifest; suite, expectation, severity and quarantines of the rule; passed: whether the rule holds
    all the same, because few enough break it.
    """
    told = [_of(rules[number], results[number]) for number in sorted(rules) if results[number].rows]
    return pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=list(COLUMNS), dtype=object)


def marked(manifest: pd.DataFrame, breaches: pd.DataFrame) -> pd.DataFrame:
    """``manifest`` with its column ``breaks``, and with the reason ``contract`` where a rule leaves a used row out.

    ``error`` then names the rule. A row that was left out before keeps its reason.
    """
    breaks, leaving = (_names_by_path(some) for some in (breaches, breaches[breaches["quarantines"].astype(bool)]))
    out = manifest["reason"].isna() & manifest["path"].isin(leaving.index)
    told = "breaks " + manifest.loc[out, "path"].map(leaving).astype("string")
    return manifest.assign(
        reason=manifest["reason"].mask(out, LEFT_OUT),
        error=told.reindex(manifest.index).fillna(manifest["error"]),
        breaks=manifest["path"].map(breaks).astype("string"),
    )


def with_rows(breaches: pd.DataFrame, manifest: pd.DataFrame) -> pd.DataFrame:
    """``breaches`` with sha256 and reason (null: it is used) of each image in ``manifest``."""
    rows = breaches.merge(manifest[["path", "sha256", "reason"]], on="path", how="left")
    return rows[["path", "sha256", "reason", *COLUMNS[1:]]]


def _of(rule: Rule, found: Result) -> pd.DataFrame:
    rows = pd.DataFrame({"path": found.rows}, dtype="string")
    return rows.assign(
        suite=rule.suite,
        expectation=rule.sentence,
        severity=rule.severity,
        passed=found.passed,
        quarantines=rule.quarantines,
    )


def _names_by_path(breaches: pd.DataFrame) -> "pd.Series[str]":
    names = breaches["suite"] + ": " + breaches["expectation"]
    return names.groupby(breaches["path"], sort=False).agg("; ".join)
