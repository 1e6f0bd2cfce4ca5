"""An expectation of our own: every value of one column goes with a single value of another, over the whole table.

Great Expectations' own compare the two columns of one row; this one asks what all rows with the same value say. It is
written as the library documents a column pair map expectation: a metric that says row by row what complies, and a class
that names it and words it. Imported where a rule asks for it only: the library takes seconds to import.
"""

from typing import Any, Literal

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import ColumnPairMapExpectation, render_suite_parameter_string
from great_expectations.expectations.metrics.map_metric_provider import (
    ColumnPairMapMetricProvider,
    column_pair_condition_partial,
)
from great_expectations.render import LegacyRendererType, RenderedStringTemplateContent
from great_expectations.render.renderer.renderer import renderer

METRIC = "column_pair_values.a_determines_b"


def determined(one: "pd.Series[Any]", other: "pd.Series[Any]") -> "pd.Series[bool]":
    """Of each row, whether all rows with its value of ``one`` have the same value of ``other``. Nothing is missing."""
    repeated = one.duplicated(keep=False)  # most values stand alone: those comply, and cost one look
    others = other[repeated].groupby(one[repeated], sort=False).transform("nunique")
    return (others == 1).reindex(one.index, fill_value=True)


class ColumnADeterminesB(ColumnPairMapMetricProvider):  # type: ignore[misc]  # untyped
    """The metric: ``determined``, over the rows in which neither value is missing."""

    condition_metric_name = METRIC
    condition_domain_keys = (
        "batch_id",
        "table",
        "column_A",
        "column_B",
        "row_condition",
        "condition_parser",
        "ignore_row_if",
    )
    condition_value_keys = ()

    @column_pair_condition_partial(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(cls, column_A: Any, column_B: Any, **_: Any) -> "pd.Series[bool]":  # noqa: N803, N805  # as it is called
        return determined(column_A, column_B)


class ExpectColumnToDetermineAnother(ColumnPairMapExpectation):  # type: ignore[misc]  # untyped
    """Every value of ``column_A`` goes with one value of ``column_B``.

    Where it goes with several, all its rows break the expectation: which of them is wrong can't be told.
    """

    ignore_row_if: Literal["both_values_are_missing", "either_value_is_missing", "neither"] = "either_value_is_missing"

    map_metric = METRIC
    success_keys = ("column_A", "column_B", "ignore_row_if", "mostly")
    args_keys = ("column_A", "column_B")

    @classmethod
    @renderer(renderer_type=LegacyRendererType.PRESCRIPTIVE)  # type: ignore[untyped-decorator]
    @render_suite_parameter_string  # type: ignore[untyped-decorator]
    def _prescriptive_renderer(cls, configuration: Any = None, **_: Any) -> list[RenderedStringTemplateContent]:
        """The line of the Data Docs."""
        asked = {name: configuration.kwargs[name] for name in ("column_A", "column_B")}
        told = {"template": "each value of $column_A must go with one value of $column_B.", "params": asked}
        return [RenderedStringTemplateContent(content_block_type="string_template", string_template=told)]
