"""The last lines of a run: the verdict, and where everything is."""

import shlex
from collections.abc import Callable
from pathlib import Path

from smearflow.models.lecture_figures import lecture_model
from smearflow.summary import ExpectationResult, ModelResult, Summary, Validation
from smearflow.workspace import Workspace


def closing_lines(summary: Summary, workspace: Workspace) -> list[str]:
    """Verdict, report, Prefect's page, model, and how to stop the server: a line each."""
    lines = lecture_lines(summary) + verdict_lines(summary)
    if summary.paths.report:
        lines.append(f"report    {summary.paths.report}")
    if summary.paths.folders:
        lines.append(f"folders   {summary.paths.folders}")
    lines += prefect_lines(summary)
    if summary.champion:
        name = f"models:/{summary.champion.registry_name}@champion"
        lines.append(f"model     {name}, version {summary.champion.version} ({summary.champion.model})")
    lines.append(f"stop      smearflow down --workspace {shlex.quote(str(_short(workspace.root)))}")
    return lines


def validation_lines(summary: Summary) -> list[str]:
    """What `smearflow validate` prints: counts, warnings, and where everything is; an error is told apart."""
    data = summary.dataset
    lines = [f"verdict   {summary.verdict.why}"] if summary.status == "completed" else []
    if data:
        classes = ", ".join(f"{name} {count:,}" for name, count in data.classes.items())
        lines.append(f"images    {data.images:,} of {data.groups:,} groups ({classes or 'no labels'})")
        nested = f" ({data.nested:,} of them copies in a nested tree)" if data.nested else ""
        lines.append(
            f"left out  {data.quarantined:,} quarantined, {data.review:,} to review, {data.ignored:,} ignored{nested}"
        )
    if summary.validation:
        lines += [f"warning   {warning}" for warning in summary.validation.warnings]
    lines += [f"data docs {summary.paths.data_docs}"] if summary.paths.data_docs else []
    return lines + prefect_lines(summary)


def contract_lines(validation: Validation | None) -> list[str]:
    """The data contract as a table: verdict, expectation, bound and what was observed, a line an expectation."""
    if validation is None:
        return []
    heading = ("verdict", "expectation", "bound", "observed")
    rows = [heading, *((_word(c), f"{c.suite}: {c.expectation}", c.bound, c.observed) for c in validation.checks)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heading) - 1)]
    lines = ["  ".join((*(text.ljust(w) for text, w in zip(row, widths, strict=False)), row[-1])) for row in rows]
    return [*lines, ""]


def _word(check: ExpectationResult) -> str:
    return "holds" if check.passed else check.severity.upper()


def lecture_lines(summary: Summary) -> list[str]:
    """This run's figures beside the lecture's, a line a model that was trained by its recipe."""
    models = [model for model in summary.models if model.recipe == "lecture"]
    if not models:
        return []
    form = "{:<14}{:>22}{:>23}{:>15}{:>20}".format
    heading = form("lecture", "accuracy (lecture's)", "saved MiB (lecture's)", "inference MiB", "epochs (lecture's)")
    return [heading, *(_lecture_line(model, form) for model in models), ""]


def _lecture_line(model: ModelResult, form: Callable[..., str]) -> str:
    told = lecture_model(model.name)
    if model.error:
        return f"{model.name:<14}  not trained: {model.error.splitlines()[0].removeprefix(f'{model.name}: ')}"
    reached = model.accuracy_at_half.value if model.accuracy_at_half else None
    return form(
        model.name,
        f"{_number(reached, 3)} ({_number(told.accuracy, 3)})",
        f"{_number(model.saved_mb, 1)} ({_number(told.size_mb, 0)})",
        _number(model.size_mb, 1),
        f"{model.epochs} ({told.epochs})",
    )


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None else f"{value:.{digits}f}"


def verdict_lines(summary: Summary) -> list[str]:
    verdict = summary.verdict
    leak = [f"leak?     {summary.leak}"] if summary.leak else []
    return [f"verdict   {verdict.outcome}: {verdict.why}", *leak, f"next      {verdict.next}"]


def prefect_lines(summary: Summary) -> list[str]:
    if summary.prefect is None:
        return []
    page = summary.prefect.api_url.removesuffix("/api")
    return [f"Prefect   {page}/runs/flow-run/{summary.prefect.flow_run_id}"]


def _short(path: Path) -> Path:
    """Relative where that is what a person would type."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path
