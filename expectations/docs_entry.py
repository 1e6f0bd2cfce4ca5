"""What Great Expectations loads to write Data Docs: its own renderers and views, told to read well from disk.

Two of its documented places to step in are used: the renderer of the table of results, which here also says what each
expectation means to a person, and the view, which sets the page. As Great Expectations sets it, a page loads some
twenty files from public addresses, and without those even the marks of pass and fail are gone; ours asks for nothing,
and runs no script. Imported by Great Expectations only.
"""

from ast import literal_eval
from collections.abc import Callable
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import Any

from great_expectations.render import RenderedStringTemplateContent, RenderedTableContent
from great_expectations.render.renderer.content_block import ValidationResultsTableContentBlockRenderer
from great_expectations.render.view import DefaultJinjaPageView
from jinja2 import ChoiceLoader, FileSystemLoader


class ResultsTable(ValidationResultsTableContentBlockRenderer):  # type: ignore[misc]  # untyped
    """A row an expectation: whether it holds and how bad it is if not, in our words and in theirs, what was found."""

    @classmethod
    def _process_content_block(cls, content_block: Any, has_failed_evr: bool, render_object: Any = None) -> None:
        super()._process_content_block(content_block, has_failed_evr, render_object)
        content_block.header_row = ["Verdict", "Expectation", "Observed"]

    @classmethod
    def _get_content_block_fn(cls, expectation_type: str, expectation_config: Any = None) -> Callable[..., Any]:
        theirs = super()._get_content_block_fn(expectation_type, expectation_config)

        def row(result: Any = None, **rest: Any) -> list[list[Any]]:
            ((_, told, *observed),) = theirs(result=result, **rest)
            told = told if isinstance(told, list) else [told]
            return [[[_verdict(result)], [*_in_our_words(result), *map(_escaped, told)], *observed]]

        return row


class Page(DefaultJinjaPageView):  # type: ignore[misc]  # untyped
    """Any page, also the index: one template of ours around Great Expectations' blocks."""

    _template = "docs_entry.html"

    def __init__(self, **rest: Any) -> None:
        super().__init__(**rest)
        self.env.loader = ChoiceLoader([FileSystemLoader(Path(__file__).parent), self.env.loader])


def _verdict(result: Any) -> RenderedStringTemplateContent:
    """``holds``, ``warning`` or ``critical``, with a mark that can be told from the others without colour."""
    tone = "holds" if result.success else result.expectation_config.severity.value
    mark = {"holds": "\N{CHECK MARK}", "warning": "!"}.get(tone, "\N{BALLOT X}")
    return _text(f"{mark} {tone}", "strong", "verdict", tone)


def _in_our_words(result: Any) -> list[RenderedStringTemplateContent]:
    meta = result.expectation_config.meta
    given = ", ".join(meta["settings"])
    bound = f"Bound: {meta['bound']}" + (f", set by {given}." if given else ".")
    return [
        _text(meta["sentence"], "strong", "sentence"),
        _text(meta["why"], "p", "why"),
        _text(bound, "p", "bound"),
        *([_text(_left_out(result), "p", "bound")] if meta["quarantines"] else []),
        *([] if result.success else [_text(meta["fix"], "p", "fix")]),
    ]


def _left_out(result: Any) -> str:
    """Said also where the expectation holds: Great Expectations then names nothing that breaks it."""
    return f"Images that break it: {result.result.get('unexpected_count', 0):,}. None of them is trained on."


def _text(words: str, tag: str, *classes: str) -> RenderedStringTemplateContent:
    """``words`` as they stand: their view puts what it is given into the page unescaped."""
    template = {"template": "$words", "params": {"words": words}, "tag": tag, "styling": {"classes": list(classes)}}
    return RenderedStringTemplateContent(content_block_type="string_template", string_template=template)


def _escaped(block: Any) -> Any:
    """A table of unexpected values with its cells escaped: file names are anybody's. Other blocks as they are."""
    if isinstance(block, RenderedTableContent):
        block.table = [[_cell(cell) if isinstance(cell, str) else cell for cell in row] for row in block.table]
    return block


def _cell(text: str) -> str:
    """``text`` escaped; the values of several columns, which come as a tuple in any order, the shortest first."""
    with suppress(ValueError, SyntaxError, RecursionError, MemoryError):
        values = literal_eval(text) if text.startswith("(") else None
        text = ", ".join(sorted(map(str, values), key=lambda v: (len(v), v))) if isinstance(values, tuple) else text
    return escape(text)
