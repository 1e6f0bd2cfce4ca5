"""prefect.yaml as it is kept, and as `up` fills it in."""

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from smearflow.service.deployments import CHECKOUT, filled_in
from smearflow.settings import Settings
from smearflow.workspace import Workspace


@pytest.fixture
def kept() -> dict[str, Any]:
    entries: dict[str, Any] = yaml.safe_load((CHECKOUT / "prefect.yaml").read_text())
    return entries


def test_two_flows_run_by_a_schedule_one_at_a_time(kept: dict[str, Any]) -> None:
    schedules = {
        entry["name"]: [s["cron"].split() for s in entry["schedules"]]
        for entry in kept["deployments"]
        if "schedules" in entry
    }
    assert [day for *_, day in schedules["retraining"]] == ["0"]  # Sundays
    assert [rest for _, _, *rest in schedules["quality-check"]] == [["*", "*", "*"]]  # each day
    assert schedules.keys() == {"retraining", "quality-check"}
    for entry in (e for e in kept["deployments"] if e["name"] in schedules):
        assert entry["concurrency_limit"] == {"limit": 1, "collision_strategy": "ENQUEUE"}


def test_elsewhere_pool_and_workspace_come_from_the_environment(kept: dict[str, Any]) -> None:
    for entry in kept["deployments"]:
        assert entry["work_pool"]["name"] == "{{ $SMEARFLOW_POOL }}"
        assert entry["parameters"] == {"workspace": "{{ $SMEARFLOW_WORKSPACE }}"}


def test_filled_in_it_carries_the_whole_settings(kept: dict[str, Any], tmp_path: Path) -> None:
    settings = Settings.model_validate({"live": {"pool": "ward-7"}, "split": {"seed": 7}})
    filled = filled_in(kept, Workspace.at(tmp_path), settings)
    for entry, before in zip(filled["deployments"], kept["deployments"], strict=True):
        assert entry["work_pool"] == {"name": "ward-7"}
        assert entry["parameters"]["workspace"] == str(tmp_path)
        assert Settings.model_validate(entry["parameters"]["settings"]) == settings
        assert entry.get("schedules") == before.get("schedules")
    assert yaml.safe_load(yaml.safe_dump(filled)) == filled


def test_every_entrypoint_is_a_flow_that_takes_settings_and_workspace(kept: dict[str, Any]) -> None:
    for entry in kept["deployments"]:
        module, _, name = entry["entrypoint"].rpartition(".")
        try:
            flow = getattr(importlib.import_module(module), name)
        except ModuleNotFoundError:
            pytest.skip(f"no {module} yet")
        assert {"settings", "workspace"} <= flow.parameters.properties.keys()
