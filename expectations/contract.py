"""The data contract: every suite over a manifest, and the error that stops a run on which it doesn't hold."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from expectations import classes, engine, files, groups, images
from expectations.breaches import breaches_of, marked, with_rows
from expectations.extensions import Extension, rules_of_extensions
from expectations.rule import Rule, Severity, Table, percent
from expectations.tables import class_table, image_table
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
) -> tuple[Contract, pd.DataFrame]:
    """Check ``manifest`` (the contract's columns, every row, also those left out); also gives it marked.

    Rules about images come first, over the rows as they were given. What they leave out is marked (breaches.marked),
    and classes are judged on what is left. Data Docs and breaches are written below ``folder``, where one is given.
    ``labels_required``: false for a flat folder, of which only files and images can be checked. ``extensions``: suites
    of a team's own.
    """
    rules = rules_of(data, quality, labels_required=labels_required, extensions=extensions)
    about_images, about_classes = _numbered(rules, "images"), _numbered(rules, "classes")
    with engine.session() as session:
        results = session.run(about_images, "images", image_table(manifest, about_images.values()))
        breaches = breaches_of(about_images, results)
        judged = marked(manifest, breaches)
        classes_left = class_table(judged, data)
        results |= session.run(about_classes, "classes", classes_left)
        index = session.write_docs(folder / DOCS) if folder else None
    checks = tuple(_check(rule, results[number], classes_left) for number, rule in enumerate(rules))
    if folder:
        with_rows(breaches, judged).to_parquet(folder / BREACHES)
    passed = all(c.passed or c.severity == "warning" for c in checks)
    return Contract(passed, checks, index, folder / BREACHES if folder else None), judged


def _numbered(rules: Sequence[Rule], table: Table) -> dict[int, Rule]:
    """Those over ``table``, by their place in the contract."""
    return {number: rule for number, rule in enumerate(rules) if rule.table == table}


def rules_of(
    data: Data, quality: Quality, *, labels_required: bool = True, extensions: Sequence[Extension] = ()
) -> tuple[Rule, ...]:
    """The whole contract, a row a rule, in the order in which a person mends things; a team's own rules last."""
    about_files = (*files.suite(quality), *images.suite(quality))
    theirs = rules_of_extensions(extensions, data, quality)
    if labels_required:
        return (*about_files, *classes.suite(data, quality), *groups.suite(data, quality), *theirs)
    return (*about_files, *(rule for rule in theirs if not rule.asks_for_labels))


def error_of(contract: Contract) -> DataError:
    """The error that stops a run: each failed critical expectation, what was observed, the bound, the first files."""
    failed = contract.critical
    count = "A critical expectation" if len(failed) == 1 else f"{len(failed)} critical expectations"
    lines = [f"{count} of the data failed:", *(_line(c) for c in failed)]
    return DataError("\n".join(lines), failed[0].fix)  # the first to mend: others often follow from it


def _line(check: Check) -> str:
    where = f"; first: {', '.join(check.first)}" if check.first else ""
    return f"- {check.suite}: {check.expectation} ({check.bound}): {check.observed}{where}"


def _check(rule: Rule, found: engine.Result, classes_left: pd.DataFrame) -> Check:
    of_classes = rule.table == "classes"
    return Check(
        suite=rule.suite,
        expectation=rule.sentence,
        column=rule.column,
        severity=rule.severity,
        why=rule.why,
        fix=rule.fix,
        passed=found.passed,
        observed=_of_classes(classes_left, str(rule.column)) if of_classes else _of_images(found),
        bound=rule.asks,
        unexpected=found.unexpected,
        first=() if of_classes else found.rows[:FIRST],
        settings=rule.settings,
    )


def _of_classes(table: pd.DataFrame, column: str) -> str:
    """Each class and its figure: ``Parasitized 12 %, Uninfected 88 %``."""
    shares = column in ("share", "faulty")
    figures = (percent(v) if shares else f"{v:,}" for v in table[column])
    return ", ".join(f"{name} {figure}" for name, figure in zip(table["label"], figures, strict=True))


def _of_images(found: engine.Result) -> str:
    """How many rows don't comply, of how many, and their commonest values: ``7 of 90 (7.8 %): corrupt 5, blank 2``.

    Great Expectations hands back the first 200 values: counts are of these, and say so. A figure of the whole table
    stands for itself.
    """
    if found.observed is not None:
        return f"{found.observed:,}" if isinstance(found.observed, int | float) else str(found.observed)
    if not found.unexpected:
        return f"0 of {found.elements:,}"
    share = percent(found.unexpected / found.elements)
    # Two values of a row would be a digest and a patient's name: the rows themselves tell more.
    common = Counter(v for v in found.values if v is not None and not isinstance(v, tuple)).most_common(3)
    values = ", ".join(f"{value} {count:,}" for value, count in common)
    among = f" among the first {len(found.values):,}" if len(found.values) < found.unexpected else ""
    return f"{found.unexpected:,} of {found.elements:,} ({share})" + (f": {values}{among}" if values else "")
