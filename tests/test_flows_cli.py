"""The command line: what it refuses, in which words, with which exit status."""

import os
import subprocess
import sys

import pytest

from flows.cli import main, parser

VERBS = ("run", "validate", "check", "predict", "demo", "config", "up", "down", "status")


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


def test_an_unknown_key_names_the_nearest(capsys):
    status, _, err = told(capsys, "config", "--set", "split.sed=7")
    assert status == 2
    assert "Did you mean split.seed?" in err and "Traceback" not in err


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
