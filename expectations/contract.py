"""The data contract: every suite over a manifest, and the error that stops a run on which it doesn't hold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from expectations import classes, engine, files, groups, images
from expectations.breaches import write_breaches
from expectations.extensions import Extension, rules_of_extensions
from expectations.rule import Rule, Severity, percent
from expectations.tables import tables_of
from smearflow.errors import DataError
from smearflow.settings import Data, Quality

DOCS, BREACHES = "data_docs", "breaches.parquet"
FIRST = 5  # files that a message names


@dataclass(frozen=True)
class Check:
    """One expectation and what was found.

    ``expectation``: a sentence; ``bound`` and ``observed``: what is asked and what is there, in words with figures;
    ``unexpected``: rows that don't comply (images, or classes); ``first``: up to 5 of the images' paths; ``settings``:
    the keys of the configuration that give the bound, none where it is fixed.
    """

    suite: str
    expectation: str
    column: str | None
    severity: Severity
    why: str
    fix: str
    passed: bool
    observed: str
    bound: str
    unexpected: int
    first: tuple[str, ...]
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Contract:
    """Whether the data may be trained on, and why. ``passed``: no critical check failed; ``docs``: Data Docs' index;
    ``breaches``: each image that breaks each rule about images, written down (parquet)."""

    passed: bool
    checks: tuple[Check, ...]
    docs: Path | None = None
    breaches: Path | None = None

    @property
    def critical(self) -> tuple[Check, ...]:
        """The failed checks that stop a run."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "critical")

    @property
    def warnings(self) -> tuple[Check, ...]:
        """The failed checks that a run only reports."""
        return tuple(c for c in self.checks if not c.passed and c.severity == "warning")


def check(
    manifest: pd.DataFrame,
    data: Data,
    quality: Quality,
    folder: Path | None,
    *,
    labels_required: bool = True,
    extensions: Sequence[Extension] = (),
) -> Contract:
    """Check ``manifest`` (the contract's columns, every row, also those left out).

    Data Docs and breaches are written below ``folder``, where one is given. ``labels_required``: false for a flat
    folder, of which only files and images can be checked. ``extensions``: suites of a team's own.
    """
    rules = rules_of(data, quality, labels_required=labels_required, extensions=extensions)
    tables = tables_of(manifest, data, rules)
    results, index = engine.run(rules, tables, folder / DOCS if folder else None)
    checks = tuple(_check(r, found, tables[r.table]) for r, found in zip(rules, results, strict=True))
    written = write_breaches(manifest, rules, results, folder / BREACHES) if folder else None
    return Contract(all(c.passed or c.severity == "warning" for c in checks), checks, index, written)


def rules_of(
    data: Data, quality: Quality, *, labels_required: bool = True, extensions: Sequence[Extension] = ()
) -> tuple[Rule, ...]:
    """The whole contract, a row a rule, in the order in which a person mends things; a team's own rules last."""
    about_files = (*files.suite(quality), *images.suite(quality))
    theirs = rules_of_extensions(extensions, data, quality)
    if labels_required:
        return (*about_files, *classes.suite(data, quality), *groups.suite(quality), *theirs)
    return (*about_files, *(rule for rule in theirs if not rule.asks_for_labels))


class ContractBroken(DataError):
    """A critical expectation failed. ``contract`` says which, and what else was found."""

    def __init__(self, contract: Contract) -> None:
        error = error_of(contract)
        super().__init__(error.what, error.fix)
        self.contract = contract


def error_of(contract: Contract) -> DataError:
    """The error that stops a run: each failed critical expectation, what was observed, the bound, the first files."""
    failed = contract.critical
    count = "A critical expectation" if len(failed) == 1 else f"{len(failed)} critical expectations"
    lines = [f"{count} of the data failed:", *(_line(c) for c in failed)]
    return DataError("\n".join(lines), failed[0].fix)  # the first to mend: others often follow from it


def _line(check: Check) -> str:
    where = f"; first: {', '.join(check.first)}" if check.first else ""
    return f"- {check.suite}: {check.expectation} ({check.bound}): {check.observed}{where}"


def _check(rule: Rule, found: engine.Result, table: pd.DataFrame) -> Check:
    of_classes = rule.table == "classes"
    return Check(
        suite=rule.suite,
        expectation=rule.sentence,
        column=rule.column,
        severity=rule.severity,
        why=rule.why,
        fix=rule.fix,
        passed=found.passed,
        observed=_observed(rule, found, table),
        bound=rule.bound,
        unexpected=found.unexpected,
        first=() if of_classes else found.rows[:FIRST],
        settings=rule.settings,
    )


def _observed(rule: Rule, found: engine.Result, table: pd.DataFrame) -> str:
    """What was found, in words with figures: of the classes, of the images, or how many rows there are."""
    if rule.table == "classes":
        return _of_classes(table, str(rule.column))
    return _of_images(found) if rule.column else f"{len(table):,}"


def _of_classes(table: pd.DataFrame, column: str) -> str:
    """Each class and its figure: ``Parasitized 12 %, Uninfected 88 %``."""
    shares = column in ("share", "faulty")
    figures = (percent(v) if shares else f"{v:,}" for v in table[column])
    return ", ".join(f"{name} {figure}" for name, figure in zip(table["label"], figures, strict=True))


def _of_images(found: engine.Result) -> str:
    """How many rows don't comply, of how many, and their commonest values: ``7 of 90 (7.8 %): corrupt 5, blank 2``.

    Great Expectations hands back the first 200 values: counts are of these, and say so.
    """
    if not found.unexpected:
        return f"0 of {found.elements:,}"
    share = percent(found.unexpected / found.elements)
    common = Counter(v for v in found.values if v is not None).most_common(3)
    values = ", ".join(f"{value} {count:,}" for value, count in common)
    among = f" among the first {len(found.values):,}" if len(found.values) < found.unexpected else ""
    return f"{found.unexpected:,} of {found.elements:,} ({share})" + (f": {values}{among}" if values else "")
