"""Running an earlier run again, beside everything, to see whether the same comes out: `smearflow reproduce`."""

import math
import shutil
from collections.abc import Mapping
from typing import Any

from flows.tables import aligned
from smearflow.data.decisions import write_as_of
from smearflow.data.ledger import as_of, belonging, ledger_file, read_ledger, write_ledger
from smearflow.errors import UsageError
from smearflow.origins import Origins, now_at_hand, origins_of
from smearflow.service.running import running
from smearflow.settings import Notify, Settings
from smearflow.summary import ModelResult, Summary, read_summary
from smearflow.workspace import Workspace

SHOWN = 16  # digits of a digest
NONE = "none"


def prepared(origins: Origins, workspace: Workspace) -> Workspace:
    """A workspace of its own for running again, below ``workspace``; one of an earlier reproduction is removed.

    It has the split ledger as the run left it, the decisions about labels that it knew, and no champion. Archives that
    were fetched, and what is known of engines, are shared: another engine would give other bits. Raises DataError where
    a ledger was changed, UsageError while the run is being reproduced already.
    """
    again = Workspace(workspace.reproductions / origins.run_id)
    if under_way := running(again):
        what = f"Run {origins.run_id} is being reproduced already (process {under_way[0].pid})."
        raise UsageError(what, "Wait until that has ended.")
    shutil.rmtree(again.root, ignore_errors=True)
    again.root.mkdir(parents=True)
    for there, here in ((workspace.sources, again.sources), (workspace.engines, again.engines)):
        there.mkdir(exist_ok=True)
        here.symlink_to(there)
    if "ledger" in origins.digests:
        settings = origins.settings
        belongs = belonging(settings.data, settings.split, settings.registry.name)
        ledger = read_ledger(ledger_file(workspace.ledgers, belongs), belongs)
        write_ledger(as_of(ledger, origins.digests["ledger"], ledger_file(again.ledgers, belongs)))
    if "decisions" in origins.digests:
        write_as_of(workspace.labels, origins.digests["decisions"], again.labels)
    return again


def settings_of(origins: Origins) -> Settings:
    """The run's settings, with a registry of its own, and nobody told."""
    registry = origins.settings.registry.model_copy(update={"uri": None})
    return origins.settings.model_copy(update={"registry": registry, "notify": Notify()})


def at_hand_lines(origins: Origins) -> list[str]:
    """What the run was made with, and what there is now."""
    return _compared({**origins.digests, **origins.machine}, now_at_hand(), list(now_at_hand()))


def outcome_lines(then: tuple[Origins, Summary], now: tuple[Origins, Summary]) -> tuple[list[str], bool]:
    """What went in and what came out, then and now, and whether weights and figures are all the same."""
    told = [name for name in then[0].digests if name not in now_at_hand()]
    lines = [*_compared(then[0].digests, now[0].digests, told), ""]
    rows, same = _models(then, now)
    lines += [*aligned([("model", "what", "then", "now", "difference"), *rows]), ""]
    verdict = "the same: all weights and figures" if same else "NOT the same: see the differences above"
    return [*lines, f"reproduced {verdict}"], same


def read(workspace: Workspace, run_id: str) -> tuple[Origins, Summary]:
    """What a run was made of, and what came out. Raises UsageError where it isn't there."""
    return origins_of(workspace, run_id), read_summary(workspace.run(run_id) / "summary.json")


def _compared(then: Mapping[str, str], now: Mapping[str, str], names: list[str]) -> list[str]:
    rows = [(name, then.get(name, NONE), now.get(name, NONE)) for name in names]
    shown = [(name, _short(was), _short(is_), "yes" if was == is_ else "NO") for name, was, is_ in rows]
    return aligned([("what", "then", "now", "match"), *shown])


def _models(then: tuple[Origins, Summary], now: tuple[Origins, Summary]) -> tuple[list[tuple[str, ...]], bool]:
    """For each model a row for its weights and for each figure that differs, one for the others; whether all agree."""
    rows: list[tuple[str, ...]] = []
    agree = True
    figures = [{model.name: _figures(model) for model in summary.models} for _, summary in (then, now)]
    for label in dict.fromkeys((*then[0].models, *now[0].models)):
        weights = [each.models[label].weights_digest if label in each.models else NONE for each, _ in (then, now)]
        rows.append((label, "weights", *map(_short, weights), "0" if weights[0] == weights[1] else "differs"))
        before, after = (each.get(label, {}) for each in figures)
        names = list(dict.fromkeys((*before, *after)))
        other = [name for name in names if before.get(name) != after.get(name)]
        both = [(name, before.get(name), after.get(name)) for name in other]
        rows += [(label, name, _number(was), _number(is_), _difference(was, is_)) for name, was, is_ in both]
        if same := [name for name in names if name not in other]:
            rows.append((label, f"{len(same)} figures", "same", "same", "0"))
        agree &= weights[0] == weights[1] and not other
    return rows, agree


def _figures(model: ModelResult) -> dict[str, float | None]:
    """Threshold and test figures of a model, by name; null where there was nothing to measure."""
    test: dict[str, Any] = model.test.model_dump() if model.test else {}
    found = {name: figure["value"] for name, figure in test.items() if isinstance(figure, dict) and "value" in figure}
    return {"threshold": model.threshold, **found}


def _difference(was: float | None, is_: float | None) -> str:
    return "-" if was is None or is_ is None else f"{is_ - was:+.2g}"


def _number(value: float | None) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.6f}"


def _short(digest: str) -> str:
    """The beginning of a digest; other words whole."""
    return digest[:SHOWN] if len(digest) in (32, 64) and " " not in digest else digest
