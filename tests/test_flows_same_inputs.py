"""Same inputs, no work: what a changed seed redoes, and what a lost Prefect database costs. Real runs (40 s)."""

import json
import os
import subprocess
import sys
from pathlib import Path

from smearflow.service.prefect_server import stop_server
from smearflow.summary import read_summary
from smearflow.workspace import Workspace
from tests.conftest import CHECKOUT


def test_a_changed_seed_of_the_split_redoes_the_split_and_what_follows(finished, smearflow, small, workspace):
    done = smearflow("run", "--config", small, "--set", "split.seed=7", "--set", "models=[compact]")
    assert done.returncode == 0, done.stderr
    summary = read_summary(workspace.latest / "summary.json")
    states = {s.name: s.state for s in summary.stages}
    assert summary.split.champion_apart is False  # another draw: the champion may know some of its test patients
    assert {name for name, state in states.items() if state == "cached"} == {"scan", "deduplicate", "validate"}
    assert states["split"] == states["train"] == "completed"


def test_a_server_that_lost_its_database_costs_nothing_but_history(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path / "workspace")

    def validate() -> dict[str, str]:
        command = [sys.executable, "-m", "flows.cli", "validate", "demo", "--workspace", str(workspace.root), "--json"]
        chosen = ["--set", "data.demo.images=120", "--set", "data.demo.patients=12"]
        told = {name: value for name, value in os.environ.items() if name != "PREFECT_API_URL"}
        done = subprocess.run(
            [*command, *chosen], cwd=CHECKOUT, env=told, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, done.stderr
        return {stage["name"]: stage["state"] for stage in json.loads(done.stdout)["stages"]}

    try:
        looking = {"ingest": "completed", "read_labels": "completed"}  # at what is there: in every run
        stages = ("scan", "deduplicate", "validate")
        assert validate() == looking | dict.fromkeys(stages, "completed")
        for file in workspace.prefect_home.glob("prefect.db*"):
            file.unlink()
        assert validate() == looking | dict.fromkeys(stages, "cached")
    finally:
        stop_server(workspace)
