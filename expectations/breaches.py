"""Row by row: which image breaks which rule, written down beside the manifest."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from expectations.engine import Result
from expectations.rule import Rule

COLUMNS = ("path", "sha256", "reason", "suite", "expectation", "severity", "passed")


def write_breaches(manifest: pd.DataFrame, rules: Sequence[Rule], results: Sequence[Result], path: Path) -> Path:
    """Write ``breaches_of`` to ``path``."""
    breaches_of(manifest, rules, results).to_parquet(path)
    return path


def breaches_of(manifest: pd.DataFrame, rules: Sequence[Rule], results: Sequence[Result]) -> pd.DataFrame:
    """A row for each image and each rule about images that it breaks, in the rules' order.

    path, sha256 and reason (null: it is used) as in ``manifest``; suite, expectation and severity of the rule; passed:
    whether the rule holds all the same, because few enough break it.
    """
    about_images = [pair for pair in zip(rules, results, strict=True) if pair[0].table == "images"]
    told = [_of(rule, found) for rule, found in about_images if found.rows]
    rows = pd.concat(told, ignore_index=True) if told else pd.DataFrame(columns=["path", *COLUMNS[3:]])
    return rows.merge(manifest[["path", "sha256", "reason"]], on="path", how="left")[list(COLUMNS)]


def _of(rule: Rule, found: Result) -> pd.DataFrame:
    rows = pd.DataFrame({"path": found.rows}, dtype="string")
    return rows.assign(suite=rule.suite, expectation=rule.sentence, severity=rule.severity, passed=found.passed)
