"""What each verb does and says where no server is needed: its exit status, its words, what it leaves alone."""

import json
from pathlib import Path

import pytest
import yaml

from flows.cli import main
from smearflow.configuration import as_yaml
from smearflow.settings import Registry, Settings
from smearflow.workspace import Workspace


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """Runs a command in this process: its status, what it printed, what it complained of."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)

    def tell(*arguments: object) -> tuple[int, str, str]:
        status = main([str(a) for a in arguments])
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return tell


def test_config_prints_what_it_would_run_with(told):
    status, out, _ = told("config", "--set", "split.seed=7")
    assert status == 0
    assert Settings.model_validate(yaml.safe_load(out)).split.seed == 7


def test_demo_draws_cells_with_their_truth(told, tmp_path):
    status, out, _ = told("demo", tmp_path / "cells", "--images", "60", "--set", "data.demo.patients=6")
    assert status == 0 and "60 cells of 6 patients" in out
    assert len(list((tmp_path / "cells").rglob("*.png"))) == 60
    assert (tmp_path / "cells" / "truth.csv").exists()


def test_demo_names_its_folders_as_the_settings_name_the_classes(told, tmp_path):
    config = tmp_path / "mine.yaml"
    config.write_text("data: {classes: [healthy, sick], positive: sick, demo: {images: 60, patients: 6}}")
    assert told("demo", tmp_path / "cells", "--config", config)[0] == 0
    assert {f.name for f in (tmp_path / "cells").iterdir() if f.is_dir()} == {"healthy", "sick"}


def test_demo_does_not_write_over_what_is_there(told, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    status, _, err = told("demo", tmp_path, "--images", "60")
    assert status == 2 and str(tmp_path) in err
    assert (tmp_path / "mine.txt").read_text() == "mine"


def test_demo_refuses_a_count_that_the_settings_refuse(told, tmp_path):
    status, _, err = told("demo", tmp_path / "cells", "--images", "3")
    assert status == 2 and "data.demo.images" in err and "60" in err
    assert not (tmp_path / "cells").exists()


def test_predict_without_a_champion_names_the_way_out(told, tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    status, _, err = told("predict", tmp_path / "a.png", "--workspace", tmp_path / "empty")
    assert status == 2
    assert "no champion of malaria-cells" in err and "smearflow run" in err


def test_predict_names_a_path_that_is_not_there(told, tmp_path):
    status, _, err = told("predict", tmp_path / "nowhere.png", "--workspace", tmp_path)
    assert status == 2 and "nowhere.png" in err


@pytest.mark.parametrize("verb", ["run", "validate"])
def test_a_wrong_setting_starts_no_server(told, tmp_path, verb):
    status, _, err = told(verb, "--set", "split.ratio=[0.5, 0.5, 0.5]", "--workspace", tmp_path / "none")
    assert status == 2 and "split.ratio" in err
    assert not (tmp_path / "none").exists()


def test_check_names_a_folder_that_is_not_there_before_it_starts_a_server(told, tmp_path):
    status, _, err = told("check", tmp_path / "nowhere", "--workspace", tmp_path)
    assert status == 2
    assert f"There is no {tmp_path / 'nowhere'}." in err and "Name a folder of new cells." in err
    assert not Workspace(tmp_path).prefect_home.exists()


def test_down_ends_nothing_where_nothing_runs_and_makes_no_workspace(told, tmp_path):
    missing = tmp_path / "none"
    assert told("down", "--workspace", missing)[:2] == (0, f"nothing to end: there is no workspace {missing}\n")
    assert not missing.exists()
    assert told("down", "--workspace", tmp_path)[:2] == (0, "nothing was running\n")


def test_status_of_an_empty_workspace(told, tmp_path):
    status, out, _ = told("status", "--json", "--workspace", tmp_path)
    found = json.loads(out)
    assert status == 0
    assert found["services"]["server"]["state"] == "stopped"
    assert found["champion"] is None and found["last_run"] is None
    assert "champion  none" in told("status", "--workspace", tmp_path)[1]


def test_status_asks_the_registry_of_the_last_up_unless_it_is_told_otherwise(told, tmp_path: Path):
    away = Settings(registry=Registry(uri="http://127.0.0.1:9/mlflow"))  # nobody answers there
    workspace = Workspace.at(tmp_path)
    workspace.services.mkdir()
    (workspace.services / "settings.yaml").write_text(as_yaml(away))
    status, _, err = told("status", "--workspace", tmp_path)
    assert status == 2 and "The registry at http://127.0.0.1:9/mlflow can't be used" in err
    assert told("status", "--workspace", tmp_path, "--set", "registry.name=mine")[0] == 0
