"""`smearflow prune`: what goes and how much, told before or done; and nothing that isn't asked for."""

from pathlib import Path

from flows.cli import main
from flows.pruning import pruned
from smearflow.settings import Keep, Settings
from smearflow.workspace import Workspace

RUNS = ("20261101-080000-aaaa", "20261102-080000-bbbb")


def workspace_of(folder: Path) -> Workspace:
    """A workspace with two runs."""
    workspace = Workspace.at(folder / "workspace")
    for run in RUNS:
        workspace.run(run).mkdir(parents=True)
        (workspace.run(run) / "report.html").write_text("x" * 2**20)
    return workspace


def test_a_dry_run_tells_what_would_go_and_the_real_one_does_it(tmp_path: Path, capsys) -> None:
    workspace = workspace_of(tmp_path)
    command = ["prune", "--workspace", str(workspace.root), "--set", "keep.runs=1"]
    assert main([*command, "--dry-run"]) == 0
    told = f"would remove runs/{RUNS[0]} (1.0 MiB)\nwould remove 1 things, 1.0 MiB\n"
    assert capsys.readouterr().out == told
    assert workspace.run(RUNS[0]).exists()
    assert main(command) == 0
    assert capsys.readouterr().out == told.replace("would remove", "removed")
    assert [run.name for run in workspace.runs.iterdir()] == [RUNS[1]]


def test_unless_it_is_asked_for_every_run_stays(tmp_path: Path) -> None:
    workspace = workspace_of(tmp_path)
    assert pruned(workspace, Settings()) == [
        "keep.runs isn't set: every run is kept. Keep the last ten: --set keep.runs=10"
    ]
    assert pruned(workspace, Settings(keep=Keep(runs=2)))[-1] == "removed 0 things, 0.0 MiB"


def test_a_workspace_that_is_not_there_is_not_made(tmp_path: Path, capsys) -> None:
    assert main(["prune", "--workspace", str(tmp_path / "none")]) == 2
    assert "There is no workspace" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
