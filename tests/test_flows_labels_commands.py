"""`smearflow labels` as a person types it: words and exit status."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from drawn_cells import folder_of_cells
from drawn_decisions import RUN, SICK, WELL, cells, named, run_that_saw, word

from flows.cli import main
from smearflow.data.decisions import EXCLUDE, append, head_of, read_decisions
from smearflow.workspace import Workspace

Told = Callable[..., tuple[int, str, str]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Three decisions of ann, one of bob."""
    workspace = Workspace.at(tmp_path / "workspace")
    append(workspace.labels, [word(0, WELL), word(1, WELL, reason="a\nspeck"), named("gone.png", SICK)])
    append(workspace.labels, [word(0, SICK, "bob", queue="second")])
    return workspace


@pytest.fixture
def told(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs `smearflow labels` in the workspace: its status, what it printed, what it complained of."""

    def tell(*arguments: object) -> tuple[int, str, str]:
        status = main(["labels", *map(str, arguments), "--workspace", str(workspace.root)])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return tell


def test_it_lists_who_decided_what_and_what_applies(told: Told, workspace: Workspace) -> None:
    status, out, _ = told()
    assert status == 0
    assert "No run has seen cells yet" in out
    run_that_saw(workspace, cells(), workspace.root)
    lines = told()[1].splitlines()
    assert lines[0].split() == [
        "reader",
        "decisions",
        "kept",
        "relabelled",
        "labelled",
        "exclude",
        "unsure",
        "since",
        "last",
    ]
    assert lines[1].split()[:7] == ["ann", "3", "1", "1", "1", "0", "0"]
    assert f"2 of 6 cells of run {RUN} were looked at: 1 disputed, 1 kept" in lines
    assert "about cells that aren't among them, kept until they are: 1" in lines
    assert lines[-1].split()[2:] == ["bob", "second", "Parasitized/C0_cell.png", SICK, SICK, "(kept)"]
    assert lines[-3].endswith("a speck")


def test_as_json(told: Told) -> None:
    found = json.loads(told("--json")[1])
    assert (found["lines"], found["decisions"], found["applied"]) == (4, 4, None)
    assert found["last"][2]["file"] == "gone.png" and found["last"][2]["number"] == 3


def test_nobody_has_decided_anything(told: Told, workspace: Workspace) -> None:
    workspace.labels.unlink()
    assert told()[:2] == (0, "Nobody has decided anything about labels yet: smearflow review\n")
    assert told("verify")[0] == 0


def test_verify_proves_it_or_names_the_line(told: Told, workspace: Workspace) -> None:
    status, out, _ = told("verify")
    head = head_of(read_decisions(workspace.labels))
    assert status == 0
    assert out.splitlines()[:2] == ["whole     4 lines, each continuing the one before", f"head      {head}"]
    assert json.loads(told("verify", "--json")[1])["whole"] is True
    workspace.labels.write_text(workspace.labels.read_text().replace("speck", "Speck"))
    status, _, err = told("verify")
    assert status == 1 and "changed by another hand: line 3," in err


def test_verify_asks_the_runs_what_they_knew(told: Told, workspace: Workspace) -> None:
    run_that_saw(workspace, cells(), workspace.root, decisions=head_of(read_decisions(workspace.labels)))
    append(workspace.labels, [word(2, EXCLUDE)])
    assert told("verify")[0] == 0
    lines = workspace.labels.read_text().splitlines(keepends=True)
    workspace.labels.write_text("".join(lines[:-2]))  # as good a chain as any
    status, out, _ = told("verify")
    assert status == 1 and out.startswith(f"wrong     Run {RUN} went by decisions that aren't there any more")
    assert json.loads(told("verify", "--json")[1])["runs_that_knew_more"] == [RUN]


def test_export_writes_a_table_or_a_tree(told: Told, workspace: Workspace, tmp_path: Path) -> None:
    root = folder_of_cells(tmp_path / "cells", patients=2, each=1)
    paths = sorted(path.relative_to(root).as_posix() for path in root.rglob("*.png"))
    run_that_saw(workspace, cells(4).assign(path=paths), root)
    status, out, _ = told("export", tmp_path / "out.csv")
    assert (status, out) == (0, f"4 cells of run {RUN} in {tmp_path / 'out.csv'}\n")
    assert (tmp_path / "out.csv").read_text().splitlines()[1].endswith(",Parasitized,Parasitized,disputed,2,")
    status, out, _ = told("export", tmp_path / "tree")
    assert status == 0 and out.startswith("4 links to cells of run")
    assert len(list((tmp_path / "tree").rglob("*.png"))) == 4
    assert told("export", tmp_path / "tree")[0] == 2


def test_revert_takes_back_and_says_how_many(told: Told, workspace: Workspace) -> None:
    assert told("revert", "--reader", "ann", "--since", "2026-11-30")[1] == "taken back: 0 of ann, since 2026-11-30\n"
    status, out, _ = told("revert", "--reader", "ann")
    assert status == 0
    assert out.splitlines()[0] == "taken back: 3 of ann" and "The next run learns from them" in out
    assert told("revert", "--reader", "bob", "--since", "2026-11-29")[1].startswith("taken back: 1 of bob")
    assert json.loads(told("--json")[1])["decisions"] == 0
    assert len(read_decisions(workspace.labels)) == 8


@pytest.mark.parametrize(
    "arguments",
    [
        ("export",),
        ("export", "cells.csv"),  # no run has seen any
        ("export", "tree"),
        ("revert",),
        ("revert", "--reader", "eve"),
        ("revert", "--reader", "ann", "--since", "monday"),
        ("verify", "labels.csv"),
    ],
)
def test_what_cannot_be_done_ends_with_status_2_and_a_way_out(told: Told, arguments: tuple[str, ...]) -> None:
    status, out, err = told(*arguments)
    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 2


def test_a_workspace_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["labels", "--workspace", str(tmp_path / "none")]) == 2
    assert "There is no workspace" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
