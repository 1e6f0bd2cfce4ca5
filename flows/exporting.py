"""Exporting a registered version, or a model of the last run, for phones and small computers: `smearflow export`."""

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from flows.tables import aligned
from smearflow.errors import MissingPart, UsageError
from smearflow.evaluation.exported import Deciding, kept_by
from smearflow.evaluation.scoring import score
from smearflow.models.bundles import add_facts
from smearflow.models.export_formats import FORMATS
from smearflow.models.exports import KERAS
from smearflow.models.leases import our_cores
from smearflow.models.spec import ExportSpec, Measured
from smearflow.models.training import run_module
from smearflow.origins import Origins, last_run, origins_of
from smearflow.progress import overheard
from smearflow.provenance import processor_name
from smearflow.registry.card import CARD
from smearflow.registry.champion import fetch_bundle
from smearflow.registry.exported import FACTS, WITHIN, Exported, told, write_facts
from smearflow.registry.mlflow_store import without_password
from smearflow.registry.succession import champion_now, number_of, seat_of
from smearflow.registry.versions import version_numbered
from smearflow.settings import Settings
from smearflow.workspace import LISTING, Workspace, building

ALL = "all"


@dataclass(frozen=True)
class Subject:
    """What is exported. ``slug``: a name for its folder. ``origins``: of the run on whose test set it is measured;
    ``own``: whether that is the run that made it."""

    title: str
    slug: str
    bundle: Path
    weights_digest: str
    origins: Origins
    own: bool


def export_lines(
    settings: Settings, workspace: Workspace, *, asked: str, version: int | None, model: str | None, out: Path | None
) -> Iterator[str]:
    """Export to the formats that are called ``asked``, or begin so: what was measured as a table, and where it lies.

    Of registered ``version``, by default the champion; or of ``model``, a label of the last run. ``out``: a folder that
    isn't there yet, or holds an earlier export. Raises UsageError for what doesn't exist.
    """
    formats = formats_called(asked)
    with tempfile.TemporaryDirectory() as aside:
        if model is None:
            subject = of_registry(settings, workspace, version)
        else:
            subject = of_last_run(workspace, model, Path(aside) / "bundle")
        target = (out or workspace.exports / f"{subject.slug}-{asked}").absolute()
        refuse_to_replace(target)
        found = Path(aside) / "found"
        found.mkdir()
        with building(target) as filling:
            exported = _exported(subject, formats, settings, filling, found)
            write_facts(exported, filling)
            if (card := subject.bundle / CARD).exists():
                shutil.copyfile(card, filling / CARD)
    yield from table_of(exported)
    yield f"exported  {target}"


def formats_called(asked: str) -> tuple[str, ...]:
    """The formats of that name, or that begin with it. Raises UsageError where there is none."""
    found = tuple(name for name in FORMATS if asked in (ALL, name) or name.startswith(f"{asked}-"))
    if not found:
        raise UsageError(f"There is no format {asked!r}.", f"Name one: {ALL}, litert, openvino, {', '.join(FORMATS)}.")
    return found


def of_registry(settings: Settings, workspace: Workspace, number: int | None) -> Subject:
    """A registered version, by default the champion. Raises MissingPart where it, or any test set for it, is gone."""
    seat = seat_of(settings.registry, workspace)
    if number is None:
        number = number_of(champion_now(seat))
    if number is None:
        what = f"There is no champion of {seat.name} in {without_password(seat.uri)}."
        raise MissingPart(what, "Train one with `smearflow run`, or name another: --version N, --model LABEL.")
    found = version_numbered(seat.uri, seat.name, number)
    version = found.champion
    bundle = fetch_bundle(seat.uri, version, workspace.champions)
    origins, own = test_set_for(workspace, found.run)
    title = f"{seat.name}, version {number} ({version.model})"
    return Subject(title, f"{seat.name}-{number}", bundle, version.weights_digest, origins, own)


def of_last_run(workspace: Workspace, label: str, bundle: Path) -> Subject:
    """A model of the last run, whether it was registered or not. Raises UsageError where it has no such model."""
    origins = last_run(workspace)
    if label not in origins.models:
        known = ", ".join(origins.models)
        raise UsageError(f"Run {origins.run_id} trained no {label!r}.", f"Name one of its models: {known}.")
    made = origins.models[label]
    if not made.folder.is_dir():
        raise MissingPart(f"{made.folder}, which held {label}, is gone.", "Run again: smearflow run.")
    bundle_as_measured(made.folder, origins.settings, bundle)
    slug = f"{origins.run_id}-{'-'.join(label.replace('/', ' ').split())}"
    return Subject(f"{label} of run {origins.run_id}", slug, bundle, made.weights_digest, origins, own=True)


def bundle_as_measured(made: Path, settings: Settings, target: Path) -> None:
    """The bundle that a trainer left in ``made``, deciding as its run measured it."""
    predictions = pd.read_parquet(made / "predictions.parquet")
    scores = score("", "", predictions, settings.data.positive, settings.evaluation)
    shutil.copytree(made / "bundle", target)
    calibration = scores.calibration.facts()
    add_facts(target, threshold=scores.threshold, calibration=calibration, unsure=scores.band)


def test_set_for(workspace: Workspace, run: str | None) -> tuple[Origins, bool]:
    """What the run that made a version was made of; where its split is gone, the last run, and False."""
    if run is not None:
        with contextlib.suppress(UsageError):
            found = origins_of(workspace, run)
            if found.split.exists() and found.root.exists():
                return found, True
    return last_run(workspace), False


def refuse_to_replace(folder: Path) -> None:
    """Raise UsageError where ``folder`` holds anything but an earlier export, whole and alone."""
    if not folder.exists():
        return
    files = [file for file in folder.rglob("*") if not file.is_dir()] if folder.is_dir() else [folder]
    there = {str(file.relative_to(folder)) for file in files}
    try:
        ours = set(json.loads((folder / LISTING).read_text(encoding="utf-8"))["files"]) | {LISTING}
    except (OSError, ValueError, KeyError):
        ours = set()
    if there and not (there <= ours and FACTS in ours):
        raise UsageError(f"{folder} is there already, and isn't an export alone.", "Name another folder: --out DIR.")


def table_of(exported: Exported) -> list[str]:
    """The formats side by side, and which is the smallest that keeps the accuracy."""
    heading = ("format", "kB", "ms, 1 thread", "ms, 2 threads", "accuracy", "lost", "AUC", "decided otherwise")
    itself, many = exported.kept[KERAS], exported.measured.threads
    own_time = ("-", f"{exported.measured.keras_ms:.2f}") if many == 2 else (f"{exported.measured.keras_ms:.2f}", "-")
    rows = [heading, ("keras", "-", *own_time, told(itself.accuracy), "-", f"{itself.auc.value:.4f}", "-")]
    for each in exported.whole:
        kept = exported.kept[each.name]
        times = (f"{each.ms_one:.2f}", f"{each.ms_two:.2f}")
        figures = (told(kept.accuracy), told(kept.lost), f"{kept.auc.value:.4f}", f"{kept.changed:,}")
        rows.append((each.name, f"{(each.size or 0) / 1000:,.0f}", *times, *figures))
    lines = [f"{exported.title}, on {exported.images:,} test images of {exported.groups:,} groups", *aligned(rows)]
    if not exported.own:
        lines.append(f"test set  of run {exported.run}: the split of the run that made it is gone")
    for each in exported.measured.formats:
        lines += [f"note      {each.name}: {said.splitlines()[0]}"] if (said := each.note or each.error) else []
    if best := exported.smallest:
        size = f"{(best.size or 0) / 1000:,.0f} kB"
        lines.append(f"smallest  {best.name}, {size}, of those that lose no more than {WITHIN} of accuracy")
    return lines


def _exported(subject: Subject, formats: Sequence[str], settings: Settings, out: Path, found: Path) -> Exported:
    """Convert and measure in a process of its own, then compare."""
    threads = min(2, len(our_cores()))
    spec = ExportSpec(
        bundle=subject.bundle,
        formats=tuple(formats),
        parts=subject.origins.split,
        root=subject.origins.root,
        out=out,
        found=found,
        threads=threads,
    )
    (found / "spec.json").write_text(spec.model_dump_json(indent=1), encoding="utf-8")
    with overheard("export") as hear:
        run_module("smearflow.models.exports", found / "spec.json", "export", settings.train.time_limit, hear)
    measured = Measured.model_validate_json((found / "measured.json").read_text(encoding="utf-8"))
    table = pd.read_parquet(found / "predictions.parquet")
    serves = json.loads((subject.bundle / "model.json").read_text(encoding="utf-8"))
    whole = [each.name for each in measured.formats if each.error is None]
    band = tuple(serves["unsure"]) if serves.get("unsure") else None
    deciding = Deciding(serves["positive"], serves["threshold"], band)
    return Exported(
        title=subject.title,
        weights_digest=subject.weights_digest,
        serves=serves,
        run=subject.origins.run_id,
        own=subject.own,
        images=len(table),
        groups=int(table["group"].nunique()),
        processor=processor_name(),
        measured=measured,
        kept=kept_by(table, KERAS, whole, deciding, settings.evaluation.bootstrap),
    )
