"""Summarise: put what a run has reached into the public format of summary.json."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from prefect.context import FlowRunContext
from prefect.settings import get_current_settings

from expectations.contract import Check
from smearflow.data.ledger import descends
from smearflow.data.manifest import Manifest
from smearflow.data.sources import Source
from smearflow.data.splitting import Parts
from smearflow.errors import SmearflowError
from smearflow.summary import (
    ChampionResult,
    ComparedCut,
    ComparedWay,
    Dataset,
    Doubts,
    ExpectationResult,
    Leakage,
    ModelResult,
    Outcome,
    Paths,
    PrefectRun,
    ShortcutResult,
    SplitCounts,
    Summary,
    Validation,
    Verdict,
)
from tasks.deduplicate import Deduplicated
from tasks.doubt import Doubted
from tasks.evaluate import Evaluated
from tasks.gate import Gated
from tasks.lay_out import Folders
from tasks.leakage import Leaked
from tasks.register import Registered
from tasks.robust import Compared, left_out_of, way_taken, why_not
from tasks.settle import Settled
from tasks.stage import Run
from tasks.summarise_judged import figure_of, figures_on_test, judged_parts, suspicion
from tasks.summarise_labels import label_parts
from tasks.train import Attempt
from tasks.validate import Checked

NOT_PROMOTED = "The champion is as it was before the run. See `smearflow models`."
OUTCOMES: Mapping[str, Outcome] = {"promote": "promoted", "keep": "kept", "none": "none"}


def summarise(run: Run, error: BaseException | None = None) -> Summary:
    """What ``run`` has reached so far, and ``error``, with which it ended. What wasn't reached is null."""
    reached = run.reached
    return Summary(
        run_id=run.run_id,
        command=run.command,
        status="failed" if error else "completed",
        verdict=_verdict(run, error),
        dataset=_dataset(reached.get("ingest"), manifest_reached(reached)),
        validation=_validation(reached.get("validate")),
        split=_split(run, reached.get("split")),
        models=tuple(_model(a, reached.get("evaluate")) for a in reached.get("train", ())),
        shortcut=_shortcut(reached.get("evaluate")),
        champion=_champion(reached.get("register")),
        **judged_parts(reached),
        **label_parts(run, manifest_reached(reached)),
        leak=suspicion(run),
        stages=tuple(run.stages),
        prefect=_prefect(),
        paths=_paths(reached),
    )


def manifest_reached(reached: Mapping[str, Any]) -> Manifest | None:
    """The manifest as far as a run came: held against the contract, else with duplicates judged, else as scanned."""
    found: Checked | Deduplicated | None = reached.get("validate") or reached.get("deduplicate")
    return found.manifest if found else reached.get("scan")


def _verdict(run: Run, error: BaseException | None) -> Verdict:
    if error is not None:
        return _failure(error)
    gated: Gated | None = run.reached.get("gate")
    registered: Registered | None = run.reached.get("register")
    if registered and registered.why_not:  # the gate's verdict came to nothing
        outcome: Outcome = "kept" if registered.champion else "none"
        return Verdict(outcome=outcome, why=registered.why_not, next=NOT_PROMOTED)
    if gated:
        verdict = gated.verdict
        return Verdict(
            outcome=OUTCOMES[verdict.outcome],
            why=verdict.why,
            next=verdict.next,
            candidate=verdict.candidate,
            undecided=verdict.undecided,
            more_patients=verdict.more_patients,
        )
    return Verdict(
        outcome="none", why="The data hold the contract; nothing was trained.", next="Train on them: smearflow run."
    )


def _failure(error: BaseException) -> Verdict:
    """In the error's own words; an interruption and a bug of ours have none."""
    if isinstance(error, SmearflowError):
        return Verdict(outcome="failed", why=error.what, next=error.fix)
    if not isinstance(error, Exception):  # Ctrl-C, or Prefect's answer to SIGTERM
        again = "Run it again: it takes up what was finished."
        return Verdict(outcome="failed", why=f"The run was interrupted ({type(error).__name__}).", next=again)
    told = f"{type(error).__name__}: {error}"
    return Verdict(outcome="failed", why=told, next="This is a bug of smearflow: see the run's log in Prefect.")


def _dataset(source: Source | None, manifest: Manifest | None) -> Dataset | None:
    if source is None or manifest is None:
        return None
    return Dataset(
        digest=manifest.digest,
        images=manifest.images,
        classes=manifest.classes,
        groups=manifest.groups,
        quarantined=manifest.quarantined,
        review=manifest.review,
        ignored=source.ignored,
        nested=source.nested,
        links=source.links,
    )


def _validation(checked: Checked | None) -> Validation | None:
    if checked is None:
        return None
    contract = checked.contract
    failed = tuple(f"{c.expectation}: {c.observed} ({c.bound})" for c in contract.critical)
    warnings = tuple(f"{c.expectation}: {c.observed} ({c.bound})" for c in contract.warnings)
    lines = tuple(_line(check) for check in contract.checks)
    return Validation(passed=contract.passed, critical_failed=failed, warnings=warnings, checks=lines)


def _line(check: Check) -> ExpectationResult:
    names = ExpectationResult.model_fields
    return ExpectationResult(**{name: getattr(check, name) for name in names})


def _split(run: Run, parts: Parts | None) -> SplitCounts | None:
    if parts is None:
        return None
    how, settled, leakage = run.settings.split, run.reached.get("settle"), run.reached.get("leakage")
    return SplitCounts(
        by=how.by,
        seed=how.seed,
        train=parts.train,
        val=parts.val,
        test=parts.test,
        shared_groups=parts.shared_groups,
        shared_duplicates=parts.shared_duplicates,
        left_out=parts.left_out,
        ledger=settled.path if settled else None,
        added=settled.added if settled else None,
        champion_apart=_apart(settled, run.reached.get("gate")),
        leakage=_leakage(leakage) if leakage else None,
        doubts=_doubts(run),
    )


def _doubts(run: Run) -> Doubts | None:
    """None where nobody asked, or training wasn't reached."""
    if run.settings.labels.robust == "none" or "train" not in run.reached:
        return None
    judged: Doubted | None = run.reached.get("doubt")
    compared: Compared | None = run.reached.get("compare_ways")
    return Doubts(
        left_out=judged.counts if judged and left_out_of(run) else {},
        judges=judged.judges if judged else (),
        why_not=why_not(run),
        way=way_taken(run),
        compared=tuple(ComparedWay(**each.model_dump()) for each in compared.ways) if compared else (),
    )


def _apart(settled: Settled | None, gated: Gated | None) -> bool | None:
    """Whether the champion that was there before the run was trained under its ledger; None without either."""
    if settled is None or gated is None or gated.champion is None:
        return None
    return gated.champion.ledger is not None and descends(settled.path, gated.champion.ledger)


def _leakage(leaked: Leaked) -> Leakage:
    return Leakage(
        model=leaked.apart.name,
        shared_groups=leaked.parts.shared_groups,
        shared_duplicates=leaked.parts.shared_duplicates,
        apart=figures_on_test(leaked.apart.test),
        random=figures_on_test(leaked.random.test),
    )


def _model(attempt: Attempt, evaluated: Evaluated | None) -> ModelResult:
    if attempt.trained is None:
        return ModelResult(
            name=attempt.plan.label, recipe=attempt.plan.model.recipe, status="failed", error=attempt.error
        )
    trained = attempt.trained
    scores = evaluated.by_name.get(attempt.plan.label) if evaluated else None
    return ModelResult(
        name=attempt.plan.label,
        params=trained.params,
        trainable=trained.trainable,
        input_size=trained.input_size,
        cut=trained.cut,
        weights=trained.weights,
        engine=trained.engine,
        epochs=trained.epochs,
        train_seconds=round(trained.train_seconds, 3),
        seconds=trained.seconds.model_dump(),
        size_mb=round(trained.size_mb, 3),
        recipe=attempt.plan.model.recipe,
        note=trained.note,
        saved_mb=round(trained.saved_mb, 3) if trained.saved_mb else None,
        accuracy_at_half=figure_of(scores.accuracy_at_half) if scores else None,
        calibration=scores.calibration.kind if scores else None,
        status="ok",
        threshold=scores.threshold if scores else None,
        test=figures_on_test(scores.test) if scores else None,
        cuts=tuple(ComparedCut(**each.model_dump()) for each in trained.cuts),
    )


def _shortcut(evaluated: Evaluated | None) -> ShortcutResult | None:
    if evaluated is None or evaluated.shortcut is None:
        return None
    found = evaluated.shortcut
    return ShortcutResult(
        test=figures_on_test(found.scores.test),
        statistic=found.statistic,
        alone=None if math.isnan(found.alone) else found.alone,
        close=found.suspects,
    )


def _champion(registered: Registered | None) -> ChampionResult | None:
    if registered is None or registered.champion is None:
        return None
    champion = registered.champion
    return ChampionResult(
        registry_name=champion.registry_name,
        version=champion.version,
        model=champion.model,
        provisional=champion.provisional,
    )


def _prefect() -> PrefectRun | None:
    context = FlowRunContext.get()
    if context is None or context.flow_run is None:
        return None
    return PrefectRun(api_url=str(get_current_settings().api.url), flow_run_id=str(context.flow_run.id))


def _paths(reached: Mapping[str, Any]) -> Paths:
    manifest = manifest_reached(reached)
    source: Source | None = reached.get("ingest")
    parts: Parts | None = reached.get("split")
    folders: Folders | None = reached.get("lay_out")
    compared: Deduplicated | None = reached.get("deduplicate")
    checked: Checked | None = reached.get("validate")
    report: Path | None = reached.get("report")
    registered: Registered | None = reached.get("register")
    return Paths(
        report=report,
        model=registered.bundle if registered else None,
        data_docs=checked.contract.docs if checked else None,
        manifest=manifest.path if manifest else None,
        split=parts.path if parts else None,
        folders=folders.path if folders else None,
        quarantine=manifest.quarantine if manifest else None,
        apart=source.apart if source else None,
        pairs=compared.pairs if compared else None,
        breaches=checked.contract.breaches if checked else None,
    )
