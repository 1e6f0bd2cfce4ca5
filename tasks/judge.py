"""Judge: do the new cells look as the champion knows them?"""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from smearflow.monitoring.judging import Judgement
from smearflow.monitoring.judging import judge as judge_cells
from smearflow.monitoring.measures import BY_NAME
from smearflow.monitoring.reference import read_reference
from smearflow.monitoring.result import CheckLine
from smearflow.registry.champion import Champion
from smearflow.settings import Settings
from tasks.score import Scored
from tasks.stage import stage

WORDS = {"ok": "OK", "warning": "Warning", "alarm": "ALARM"}


def says(judgement: Judgement) -> str:
    rows = "".join(map(_row, judgement.checks))
    figures = "".join(
        f"| {name} | {_share(f.value)} | {_share(f.low)} to {_share(f.high)} | {_share(f.champion)} |\n"
        for name, f in judgement.figures.items()
    )
    checks = f"| | value | of unseen patients | usual | verdict |\n|---|---|---|---|---|\n{rows}\n" if rows else ""
    labelled = (
        f"| labelled cells | | 95 % interval | champion's test |\n|---|---|---|---|\n{figures}" if figures else ""
    )
    return f"""# {WORDS[judgement.verdict]}: {judgement.patients:,} patients

{judgement.why}

**Next:** {judgement.next}

{checks}{labelled}"""


# Not retried: the same cells give the same verdict.
@stage(says, cached=False, task_run_name="judge {scored.cells} cells")
def judge(
    folder: Path, scored: Scored, champion: Champion, bundle: Path, broken: Sequence[str], settings: Settings
) -> Judgement:
    """Compare the cells that can be used with the champion's reference. ``broken``: critical expectations."""
    cells = pd.read_parquet(scored.path)
    known = cells[cells["probability"].notna()].reset_index(drop=True)
    reference = read_reference(bundle, champion.uri)
    return judge_cells(known, reference, champion.threshold, broken, settings)


def _row(check: CheckLine) -> str:
    words = BY_NAME[check.name].words
    usual = f"{words(check.low)} or more" if check.high is None else f"{words(check.low)} to {words(check.high)}"
    verdict = check.verdict if check.verdict == "ok" else f"**{check.verdict}**"
    name = check.name.replace("_", " ")
    return f"| {name} | {words(check.value)} | {words(check.reference)} | {usual} | {verdict} |\n"


def _share(value: float | None) -> str:
    return "not measured" if value is None else f"{value:.3f}"
