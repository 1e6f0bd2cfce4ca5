"""Seconds of each stage, what Prefect costs against the same stages as plain functions, and the unchanged second run.

    .venv/bin/python -m benchmarks.stages [--config config/demo.yaml] [--data FOLDER]

Each of the three is a process of its own in a fresh workspace (the second run in that of the first), with the server
up before the clock starts. Not a test: figures go to docs/performance.md.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from smearflow.configuration import load_settings
from smearflow.data.scanning import HERE
from smearflow.service.prefect_server import ensure_server, stop_server
from smearflow.settings import Settings
from smearflow.summary import read_summary
from smearflow.workspace import Workspace


def main() -> None:
    told = argparse.ArgumentParser()
    told.add_argument("--config", type=Path, default=Path("config/demo.yaml"))
    told.add_argument("--data")
    told.add_argument("--plain", type=Path, help=argparse.SUPPRESS)  # the workspace, in the process of plain functions
    arguments = told.parse_args()
    settings = load_settings(arguments.config, [f"data.source={arguments.data}"] if arguments.data else [])
    if arguments.plain:
        plainly(settings, Workspace.at(arguments.plain))
    else:
        with tempfile.TemporaryDirectory() as aside:
            compare(
                Path(aside),
                ["--config", str(arguments.config), *(["--data", arguments.data] if arguments.data else [])],
            )


def compare(aside: Path, chosen: Sequence[str]) -> None:
    """Run the job as a flow, as plain functions, and as a flow again; print what each took."""
    workspace = Workspace.at(aside / "flow")
    _, server = clocked(lambda: ensure_server(workspace))
    try:
        command = [sys.executable, "-m", "flows.cli", "run", "--workspace", str(workspace.root), *chosen]
        _, flow = clocked(lambda: run(command))
        stages = {stage.name: stage.seconds for stage in read_summary(workspace.latest / "summary.json").stages}
        plain_command = [sys.executable, "-m", "benchmarks.stages", "--plain", str(aside / "plain"), *chosen]
        _, plain = clocked(lambda: run(plain_command))
        _, again = clocked(lambda: run(command))
    finally:
        stop_server(workspace)
    for name, seconds in stages.items():
        print(f"{name:<10} {seconds:8.2f} s")
    print(f"server start {server:.1f} s, before the clock")
    print(f"as a flow {flow:.1f} s, as plain functions {plain:.1f} s")
    print(f"Prefect adds {flow - plain:.1f} s, {flow / plain:.3f} x")
    print(f"unchanged second run {again:.1f} s, {again / flow:.3f} x the first")


def plainly(settings: Settings, workspace: Workspace) -> None:
    """The stages of flows/retraining.py, in the same order, without a flow, a task or a server."""
    from expectations.extensions import find_extensions
    from smearflow.models.leases import Crowd
    from smearflow.models.plans import plan_models
    from tasks.augment import augment
    from tasks.deduplicate import deduplicate, thumbnails_of
    from tasks.evaluate import evaluate
    from tasks.examine import examine
    from tasks.gate import gate
    from tasks.ingest import ingest
    from tasks.made_of import MadeOf
    from tasks.register import register
    from tasks.report import write_report
    from tasks.scan import memory_of, scan
    from tasks.settle import settle
    from tasks.split import split
    from tasks.stage import Run, Stage
    from tasks.train import Attempt
    from tasks.train_one import train
    from tasks.validate import validate

    run = Run("run", settings, workspace, "plain")

    def call(stage: Stage[Any, Any], *args: Any) -> Any:
        run.reached[stage.name] = result = stage.function(stage.folder(run, *args), *args)
        return result

    plans = plan_models(settings)
    source = call(ingest, workspace, settings.data)
    scanned = call(scan, source, settings.data, settings.quality, memory_of(run), HERE)
    found = call(deduplicate, scanned, scanned.root, settings.duplicates, thumbnails_of(run)).manifest
    suites = find_extensions(settings.data, settings.quality)
    manifest = call(validate, found.path, found.root, settings.data, settings.quality, suites).manifest
    settled = call(settle, manifest.path, settings, workspace) if settings.split.by == "group" else None
    parts = call(split, manifest.path, manifest.root, settings.split, settled)
    call(augment, parts, settings.augment, settings.train.seed)
    how = (parts, settings.data, settings.augment, settings.train, workspace, Crowd(len(plans)))
    with ThreadPoolExecutor() as pool:
        trained = list(pool.map(lambda plan: train.function(train.folder(run, plan, *how), plan, *how), plans))
    models = {plan.label: model for plan, model in zip(plans, trained, strict=True)}
    run.reached["train"] = [Attempt(plan, models[plan.label]) for plan in plans]
    scores = call(evaluate, models, manifest.path, parts, settings.data.positive, settings.evaluation)
    candidate = models[scores.candidate]
    serving = call(examine, scores, candidate, parts, settings.evaluation, settings.train.time_limit)
    verdict = call(gate, scores, serving, parts, settings, workspace)
    call(register, verdict, scores, serving, candidate, MadeOf(manifest, parts, settled, 0), settings, workspace)
    write_report(run.folder, run)


def run(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])


def clocked(work: Any) -> tuple[Any, float]:
    start = time.perf_counter()
    return work(), time.perf_counter() - start


if __name__ == "__main__":
    main()
