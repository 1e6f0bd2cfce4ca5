"""Great Expectations, kept in one place: rules and tables in, plain results and Data Docs out. It imports in 3-9 s."""

import logging
import os
import shutil
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from pathlib import Path
from typing import Any

import pandas as pd

from expectations.rule import Rule, Table

ENTRY = "expectations.docs_entry"  # what the library loads to write pages
INDEX: dict[Table, str] = {"images": "path", "classes": "label"}  # what names an unexpected row


@dataclass(frozen=True)
class Result:
    """What Great Expectations found for one rule.

    ``unexpected``: rows that don't comply; ``elements``: rows that were looked at (those with a value); ``values``: the
    first 200 unexpected values; ``rows``: the names of all unexpected rows, in the table's order. ``observed``: the
    figure of the whole table, where the rule asks for one; then there are no unexpected rows.
    """

    passed: bool
    elements: int
    unexpected: int
    values: tuple[Any, ...]
    rows: tuple[str, ...]
    observed: Any = None


@contextmanager
def session() -> Iterator["Session"]:
    """A round of checking, in which Great Expectations keeps its own matters to itself."""
    with _quiet():
        import great_expectations as gx

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = {"globally": False}
        yield Session(context)


class Session:
    """What has been checked so far, of which pages are written at the end."""

    def __init__(self, context: Any) -> None:
        self.context = context

    def run(self, rules: Mapping[int, Rule], table: Table, frame: pd.DataFrame) -> dict[int, Result]:
        """The result of each of ``rules`` over one table, by its number.

        Raises RuntimeError where an expectation itself can't be computed (a column is missing): a bug, not bad data.
        """
        results: dict[int, Result] = {}
        by_suite = sorted(rules.items(), key=lambda pair: pair[1].suite)
        for suite, members in groupby(by_suite, key=lambda pair: pair[1].suite):
            results |= _run_suite(self.context, f"{suite}_of_{table}", table, frame, dict(members))
        return results

    def write_docs(self, folder: Path) -> Path:
        """Build the Data Docs of all that has run in ``folder``; returns index.html there."""
        return _write_docs(self.context, folder)


def _run_suite(context: Any, name: str, table: Table, frame: pd.DataFrame, rules: dict[int, Rule]) -> dict[int, Result]:
    """Results by the rules' numbers of one suite over one table."""
    import great_expectations as gx

    source = context.data_sources.add_pandas(name)
    batch = source.add_dataframe_asset(table).add_batch_definition_whole_dataframe("all")
    suite = context.suites.add(gx.ExpectationSuite(name=name, expectations=[build(n, r) for n, r in rules.items()]))
    definition = context.validation_definitions.add(gx.ValidationDefinition(name=name, data=batch, suite=suite))
    checkpoint = context.checkpoints.add(
        gx.Checkpoint(
            name=name,
            validation_definitions=[definition],
            result_format={
                "result_format": "COMPLETE",
                "unexpected_index_column_names": [INDEX[table]],
                "return_unexpected_index_query": False,  # every row's number on one line of the page
            },
        )
    )
    batch_of = {"dataframe": _narrow(frame, INDEX[table], rules.values())}
    run = checkpoint.run(batch_parameters=batch_of, run_id=gx.RunIdentifier(run_name="contract"))
    (outcome,) = run.run_results.values()
    return {o.expectation_config.meta["rule"]: _read(o, INDEX[table]) for o in outcome.results}


def _narrow(frame: pd.DataFrame, index: str, rules: Iterable[Rule]) -> pd.DataFrame:
    """The columns that ``rules`` ask for: the library hashes each, which takes as long as checking it."""
    asked = {index}.union(*(rule.columns_of(frame.columns) for rule in rules))
    return frame[[name for name in frame.columns if name in asked]]


def build(number: int, rule: Rule) -> Any:
    """The expectation of a rule; its number travels in ``meta``, as results may come in another order.

    Raises what Great Expectations, or the import of a class of one's own, raises where the rule can't be run.
    """
    column = {} if rule.column is None else {"column": rule.column}
    told = {"sentence": rule.sentence, "bound": rule.asks, "why": rule.why, "fix": rule.fix}
    with _quiet():
        return _kind(rule.kind)(
            **column,
            **rule.arguments,
            severity=rule.severity,
            notes=f"{rule.sentence}: {rule.why}",
            meta={"rule": number, "settings": list(rule.settings), "quarantines": rule.quarantines, **told},
        )


def looks_at_rows(expectation: Any) -> bool:
    """Whether it says row by row what complies, and not only of the table as a whole."""
    return getattr(expectation, "map_metric", None) is not None


def _kind(name: str) -> Any:
    """The class of an expectation: one of the library's, or ``module:Class``, one that somebody wrote."""
    module, _, own = name.rpartition(":")
    return getattr(import_module(module or "great_expectations.expectations"), own)


def _read(outcome: Any, index: str) -> Result:
    _raise_bug(outcome)
    found = outcome.result
    return Result(
        passed=bool(outcome.success),
        elements=int(found.get("element_count", 0)) - int(found.get("missing_count", 0)),
        unexpected=int(found.get("unexpected_count", 0)),
        values=tuple(found.get("unexpected_list", ())),
        rows=tuple(str(row[index]) for row in found.get("unexpected_index_list") or ()),
        observed=found.get("observed_value"),
    )


def _raise_bug(outcome: Any) -> None:
    """Raise what an expectation raised: Great Expectations would only call it failed. One entry a metric, or one."""
    info = outcome.exception_info
    for entry in [info] if "raised_exception" in info else info.values():
        if entry["raised_exception"]:
            raise RuntimeError(f"{outcome.expectation_config.type}: {entry['exception_message']}")


def _write_docs(context: Any, folder: Path) -> Path:
    """Renderer and view are ours (expectations/docs_entry.py), so that pages are whole without a network; the styles,
    fonts and films of the library's own pages (5 MB) are then nobody's, and go.
    """
    view = {"module_name": ENTRY, "class_name": "Page"}
    results = {"class_name": "ValidationResultsColumnSectionRenderer"}
    results["table_renderer"] = {"module_name": ENTRY, "class_name": "ResultsTable"}  # type: ignore[assignment]
    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder", "view": view},
        "site_section_builders": {
            "expectations": {"renderer": {"class_name": "ExpectationSuitePageRenderer"}, "view": view},
            "validations": {
                "renderer": {"class_name": "ValidationResultsPageRenderer", "column_section_renderer": results},
                "view": view,
            },
        },
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(folder.absolute())},
    }
    context.add_data_docs_site("contract", site)
    context.build_data_docs(site_names=["contract"])  # not the default site too, which would lie outside
    shutil.rmtree(folder / "static")
    return folder.absolute() / "index.html"


@contextmanager
def _quiet() -> Iterator[None]:
    """No analytics, and neither logs nor warnings about the library's own matters."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"  # read at its import
    logger = logging.getLogger("great_expectations")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)
