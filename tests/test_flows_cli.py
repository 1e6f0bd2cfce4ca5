"""The command line: what it refuses, in which words, with which exit status."""

import json
import os
import subprocess
import sys

import pytest
import yaml

from flows.cli import main, parser
from smearflow.settings import Settings

VERBS = ("run", "validate", "predict", "demo", "config", "up", "down", "status")


def told(capsys, *arguments):
    status = main([str(a) for a in arguments])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def test_every_verb_has_help_and_takes_the_common_options(capsys):
    for verb in VERBS:
        with pytest.raises(SystemExit) as ended:
            main([verb, "--help"])
        assert ended.value.code == 0
        help_text = capsys.readouterr().out
        assert all(option in help_text for option in ("--workspace", "--config", "--set"))


def test_help_imports_nothing_heavy():
    code = (
        "import sys, flows.cli; flows.cli.parser(); print(sorted(m for m in ('pydantic', 'numpy') if m in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


@pytest.mark.parametrize("arguments", [[], ["retrain"], ["predict"], ["run", "--bogus"]])
def test_bad_usage_is_status_2(arguments):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(arguments)
    assert ended.value.code == 2


def test_config_prints_what_it_would_run_with(capsys, tmp_path):
    status, out, _ = told(capsys, "config", "--set", "split.seed=7")
    assert status == 0
    assert Settings.model_validate(yaml.safe_load(out)).split.seed == 7


def test_an_unknown_key_names_the_nearest(capsys):
    status, _, err = told(capsys, "config", "--set", "split.sed=7")
    assert status == 2
    assert "Did you mean split.seed?" in err and "Traceback" not in err


def test_demo_draws_cells_with_their_truth(capsys, tmp_path):
    status, out, _ = told(capsys, "demo", tmp_path / "cells", "--images", "60", "--set", "data.demo.patients=6")
    assert status == 0 and "60 cells of 6 patients" in out
    assert len(list((tmp_path / "cells").rglob("*.png"))) == 60
    assert (tmp_path / "cells" / "truth.csv").exists()


def test_demo_does_not_write_over_what_is_there(capsys, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    status, _, err = told(capsys, "demo", tmp_path, "--images", "60")
    assert status == 2 and str(tmp_path) in err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_predict_without_a_champion_names_the_way_out(capsys, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    status, _, err = told(capsys, "predict", tmp_path / "a.png", "--workspace", tmp_path / "empty")
    assert status == 2
    assert "no champion of malaria-cells" in err and "smearflow run" in err


def test_predict_names_a_path_that_is_not_there(capsys, tmp_path):
    status, _, err = told(capsys, "predict", tmp_path / "nowhere.png", "--workspace", tmp_path)
    assert status == 2 and "nowhere.png" in err


def test_down_and_status_of_an_empty_workspace(capsys, tmp_path):
    assert told(capsys, "down", "--workspace", tmp_path / "none")[0] == 0
    assert not (tmp_path / "none").exists()
    status, out, _ = told(capsys, "status", "--json", "--workspace", tmp_path)
    found = json.loads(out)
    assert status == 0
    assert found["services"]["server"]["state"] == "stopped"
    assert found["champion"] is None and found["last_run"] is None


def test_a_missing_folder_is_named_and_nothing_is_left_behind(smearflow, tmp_path):
    done = smearflow("run", "--data", tmp_path / "nowhere", "--set", "models=[compact]")
    assert done.returncode == 2
    assert "nowhere" in done.stderr and "Traceback" not in done.stderr


def test_a_reader_that_leaves_early_is_no_error(smearflow):
    command = f"{sys.executable} -m flows.cli config | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=os.environ)
    assert done.stdout.startswith("#") and done.stderr == ""


def test_a_workspace_that_can_not_be_one_is_named_without_a_traceback(capsys, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    for verb in ("status", "down", "up"):
        assert main([verb, "--workspace", str(tmp_path / "file")]) == 2
        told = capsys.readouterr().err
        assert f"{tmp_path / 'file'} can't be the workspace: File exists." in told
        assert "--workspace DIR" in told


def test_what_the_disk_refuses_names_the_path(capsys, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert main(["demo", str(tmp_path / "file" / "cells"), "--images", "60"]) == 2
    assert f"{tmp_path / 'file'}" in capsys.readouterr().err
