"""The pipeline live, with the commands a person types: brought up, killed in pieces, mended, taken down."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smearflow.configuration import load_settings
from smearflow.service.daemon import Daemon, daemon_of
from smearflow.service.live import bring_up, missing, services, settings_of, take_down
from smearflow.service.prefect_api import ask
from smearflow.service.running import running
from smearflow.service.worker import end_worker
from smearflow.workspace import Workspace
from tests.conftest import CHECKOUT
from tests.test_processes import eventually

Told = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.at(tmp_path_factory.mktemp("live") / "workspace")


@pytest.fixture(scope="module")
def command(workspace: Workspace, small: Path) -> Iterator[Callable[..., Told]]:
    def run(verb: str, *more: str) -> Told:
        told = [sys.executable, "-m", "flows.cli", verb, "--workspace", str(workspace.root), *more]
        return subprocess.run(told, cwd=CHECKOUT, env=clean(), capture_output=True, text=True, timeout=300, check=False)

    yield run
    run("down")


@pytest.fixture(scope="module")
def up(command: Callable[..., Told], small: Path) -> Callable[[], Told]:
    def bring() -> Told:
        done = command("up", "--config", str(small))
        assert done.returncode == 0, done.stderr
        return done

    bring()
    return bring


def clean() -> dict[str, str]:
    """Our environment without the address of another test's server."""
    return {k: v for k, v in os.environ.items() if k not in ("PREFECT_API_URL", "PREFECT_HOME")}


def processes(workspace: Workspace) -> dict[str, Daemon]:
    found = {name: daemon_of(status.pid or 0) for name, status in services(workspace).items()}
    return {name: daemon for name, daemon in found.items() if daemon}


def api(workspace: Workspace) -> str:
    url = services(workspace)["server"].url
    assert url
    return url


def start(workspace: Workspace, small: Path, *changed: str) -> str:
    """Start the retraining on the worker; the run's id."""
    settings = load_settings(small, changed).model_dump(mode="json")
    deployment = ask("GET", f"{api(workspace)}/deployments/name/retraining/retraining")
    told = {"parameters": {"settings": settings, "workspace": str(workspace.root)}}
    run = ask("POST", f"{api(workspace)}/deployments/{deployment['id']}/create_flow_run", told)
    return str(run["id"])


def state(workspace: Workspace, run: str) -> str:
    with contextlib.suppress(OSError):
        return str(ask("GET", f"{api(workspace)}/flow_runs/{run}")["state_name"])
    return ""


def trainers(workspace: Workspace) -> list[int]:
    """Processes that train for this workspace."""
    told = subprocess.run(["ps", "-A", "-ww", "-o", "pid=,args="], capture_output=True, text=True, check=True).stdout
    ours = [line for line in told.splitlines() if "models.trainer" in line and str(workspace.root) in line]
    return [int(line.split()[0]) for line in ours]


def processes_of_runs(workspace: Workspace) -> list[Daemon]:
    return [run.daemon for run in running(workspace)]


def test_everything_is_up_and_says_where(up: Callable[[], Told], command: Callable[..., Told], small: Path) -> None:
    told = json.loads(command("status", "--json").stdout)
    assert {name: s["state"] for name, s in told["services"].items()} == dict.fromkeys(
        ("server", "worker", "page"), "running"
    )
    assert all(s["url"] and s["pid"] for s in told["services"].values())
    assert told.keys() >= {"champion", "last_run", "last_check", "next_runs", "disk_free_bytes"}
    assert told["disk_free_bytes"] > 0


def test_folders_that_a_schedule_reads_are_there_before_the_first_batch(
    up: Callable[[], Told], workspace: Workspace
) -> None:
    assert workspace.drop.is_dir()
    assert {folder.name for folder in workspace.archive.iterdir()} == {"labelled", "unlabelled"}


def test_what_a_schedule_reads_and_is_not_there_is_named(small: Path, tmp_path: Path) -> None:
    sources = f"data.source=[{small}, {tmp_path}/gone, demo, https://a.org/b.zip]"
    settings = load_settings(None, [sources, f"quality_check.drop={tmp_path}/unmounted"])
    assert missing(settings) == (f"{tmp_path}/gone", f"{tmp_path}/unmounted")


def test_a_second_up_starts_nothing_twice(up: Callable[[], Told], workspace: Workspace, small: Path) -> None:
    before = processes(workspace)
    lines = dict(line.split(maxsplit=1) for line in up().stdout.splitlines())
    assert processes(workspace) == before
    assert lines.keys() == {"Prefect", "reports", "worker", "deployed", "stop"}
    assert lines["deployed"] == "retraining, retraining-on-labels, quality-check, backbone-training"
    assert settings_of(workspace) == load_settings(small)


def test_the_form_has_our_descriptions_and_the_whole_settings(
    up: Callable[[], Told], workspace: Workspace, small: Path
) -> None:
    deployment = ask("GET", f"{api(workspace)}/deployments/name/retraining/retraining")
    schema: dict[str, Any] = deployment["parameter_openapi_schema"]
    split = schema["definitions"]["Split"]["properties"]
    assert split["seed"]["description"] == "Seed of the draw, 0 or more."
    assert deployment["parameters"]["settings"] == load_settings(small).model_dump(mode="json")
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "ENQUEUE"
    assert [s["schedule"]["cron"] for s in deployment["schedules"]] == ["0 3 * * 0"]


def test_the_next_runs_are_told(up: Callable[[], Told], command: Callable[..., Told]) -> None:
    def planned() -> set[str]:
        return {run["deployment"] for run in json.loads(command("status", "--json").stdout)["next_runs"]}

    assert eventually(lambda: planned() == {"retraining", "quality-check"}, seconds=90)
    assert "quality-check at " in command("status").stdout


def test_killed_all_at_once_they_come_back_at_the_same_addresses(up: Callable[[], Told], workspace: Workspace) -> None:
    before, processes_before = services(workspace), processes(workspace)
    for daemon in processes_before.values():
        os.kill(daemon.pid, signal.SIGKILL)
    assert all(daemon.gone_within(10) for daemon in processes_before.values())
    assert {status.state for status in services(workspace).values()} == {"stopped"}
    up()
    after = services(workspace)
    assert {status.state for status in after.values()} == {"running"}
    assert {name: status.url for name, status in after.items()} == {name: s.url for name, s in before.items()}


@pytest.mark.soak
def test_a_worker_that_hangs_can_be_ended_too(up: Callable[[], Told], workspace: Workspace) -> None:
    stuck = processes(workspace)["worker"]
    os.kill(stuck.pid, signal.SIGSTOP)
    assert end_worker(workspace)
    assert not stuck.lives
    up()
    assert processes(workspace)["worker"] != stuck


@pytest.mark.soak
def test_a_run_from_the_form_completes_on_the_worker(up: Callable[[], Told], workspace: Workspace, small: Path) -> None:
    run = start(workspace, small)
    assert eventually(lambda: state(workspace, run) == "Promoted", seconds=240)
    summary = json.loads((workspace.latest / "summary.json").read_text())
    assert summary["prefect"]["flow_run_id"] == run
    assert summary["verdict"]["outcome"] == "promoted"


@pytest.mark.soak
def test_cancelled_it_is_gone_within_ten_seconds(up: Callable[[], Told], workspace: Workspace, small: Path) -> None:
    run = start(workspace, small, "train.epochs=900")
    assert eventually(lambda: bool(trainers(workspace)), seconds=120)
    children = processes_of_runs(workspace)
    asked = time.monotonic()
    told = {"state": {"type": "CANCELLING", "name": "Cancelling"}}
    ask("POST", f"{api(workspace)}/flow_runs/{run}/set_state", told)
    assert eventually(lambda: not trainers(workspace) and not any(c.lives for c in children), seconds=10)
    print(f"processes gone {time.monotonic() - asked:.1f} s after the cancellation")
    assert eventually(lambda: state(workspace, run) == "Cancelled", seconds=30)
    print(f"Cancelled {time.monotonic() - asked:.1f} s after the cancellation")


@pytest.mark.soak
def test_a_run_whose_worker_and_server_are_killed_has_crashed_and_the_next_takes_over(
    up: Callable[[], Told], workspace: Workspace, small: Path
) -> None:
    run = start(workspace, small, "train.epochs=900")
    assert eventually(lambda: bool(trainers(workspace)), seconds=120)
    for name in ("worker", "server"):
        os.kill(processes(workspace)[name].pid, signal.SIGKILL)
    assert eventually(lambda: not trainers(workspace), seconds=10)
    up()
    up()  # the run's own process may have taken some seconds to give up
    assert state(workspace, run) == "Crashed"
    again = start(workspace, small, "train.epochs=2")
    assert eventually(lambda: state(workspace, again) in ("Promoted", "Kept"), seconds=240)
    summary = json.loads((workspace.latest / "summary.json").read_text())
    assert {s["name"]: s["state"] for s in summary["stages"]}["scan"] == "cached"


@contextlib.contextmanager
def training_on_the_pool(workspace: Workspace, small: Path) -> Iterator[subprocess.Popen[str]]:
    """A run of a terminal whose backbone a worker trains, once its trainer is at work."""
    told = [sys.executable, "-m", "flows.cli", "run", "--workspace", str(workspace.root), "--config", str(small)]
    more = ["--set", "train.epochs=40", "--set", "models=[compact]", "--set", "workers=pool", "--fresh"]
    with subprocess.Popen([*told, *more], cwd=CHECKOUT, env=clean(), stdout=subprocess.DEVNULL, text=True) as local:
        assert eventually(lambda: bool(trainers(workspace)), seconds=180)
        yield local
        local.kill()


def backbone_runs(workspace: Workspace) -> list[str]:
    wanted = {"flows": {"name": {"any_": ["backbone-training"]}}, "sort": "START_TIME_DESC"}
    return [run["state_name"] for run in ask("POST", f"{api(workspace)}/flow_runs/filter", wanted)]


@pytest.mark.soak
def test_a_killed_run_takes_its_backbones_on_the_pool_along(
    up: Callable[[], Told], workspace: Workspace, small: Path
) -> None:
    with training_on_the_pool(workspace, small) as local:
        local.kill()
        local.wait()  # a zombie still has its number
        asked = time.monotonic()
        assert eventually(lambda: not trainers(workspace), seconds=20)
        print(f"its backbone is gone {time.monotonic() - asked:.1f} s after kill -9")
    assert eventually(lambda: backbone_runs(workspace)[0] == "Crashed", seconds=20)


@pytest.mark.soak
def test_ctrl_c_cancels_backbones_on_the_pool(up: Callable[[], Told], workspace: Workspace, small: Path) -> None:
    with training_on_the_pool(workspace, small) as local:
        local.send_signal(signal.SIGINT)
        asked = time.monotonic()
        assert local.wait(timeout=20) == 130
        assert eventually(lambda: not trainers(workspace), seconds=20)
        print(f"all gone {time.monotonic() - asked:.1f} s after Ctrl-C")
    assert eventually(lambda: backbone_runs(workspace)[0] in ("Cancelled", "Crashed"), seconds=40)


@pytest.mark.soak
def test_a_backbone_whose_worker_is_killed_is_handed_out_again(
    up: Callable[[], Told], workspace: Workspace, small: Path
) -> None:
    with training_on_the_pool(workspace, small) as local:
        os.kill(processes(workspace)["worker"].pid, signal.SIGKILL)
        assert eventually(lambda: not trainers(workspace), seconds=20)
        up()
        assert local.wait(timeout=240) == 0
    assert backbone_runs(workspace)[:2] == ["Completed", "Crashed"]


@pytest.mark.soak
def test_a_schedule_of_a_minute_fires_and_completes(up: Callable[[], Told], workspace: Workspace) -> None:
    deployment = ask("GET", f"{api(workspace)}/deployments/name/retraining/retraining")
    each = {"schedule": {"cron": "* * * * *", "timezone": "UTC"}, "active": True}
    schedules = ask("POST", f"{api(workspace)}/deployments/{deployment['id']}/schedules", [each])

    def done() -> bool:
        wanted = {"deployments": {"id": {"any_": [deployment["id"]]}}, "sort": "START_TIME_DESC"}
        runs = ask("POST", f"{api(workspace)}/flow_runs/filter", wanted)
        return any(r["auto_scheduled"] and r["state_type"] == "COMPLETED" for r in runs)

    assert eventually(done, seconds=240)
    ask("DELETE", f"{api(workspace)}/deployments/{deployment['id']}/schedules/{schedules[0]['id']}")


@pytest.mark.soak
def test_ctrl_c_ends_a_local_run_within_ten_seconds(up: Callable[[], Told], workspace: Workspace, small: Path) -> None:
    told = [sys.executable, "-m", "flows.cli", "run", "--workspace", str(workspace.root), "--config", str(small)]
    more = ["--set", "train.epochs=900", "--set", "models=[compact]"]
    with subprocess.Popen([*told, *more], cwd=CHECKOUT, env=clean(), stderr=subprocess.PIPE, text=True) as local:
        assert eventually(lambda: bool(trainers(workspace)), seconds=120)
        local.send_signal(signal.SIGINT)
        asked = time.monotonic()
        assert local.wait(timeout=10) == 130
        print(f"gone {time.monotonic() - asked:.1f} s after Ctrl-C")
    assert eventually(lambda: not trainers(workspace), seconds=1)


@pytest.mark.soak
def test_down_lets_a_run_say_that_it_was_ended(
    up: Callable[[], Told], command: Callable[..., Told], workspace: Workspace, small: Path
) -> None:
    run = start(workspace, small, "train.epochs=901")
    assert eventually(lambda: bool(trainers(workspace)), seconds=120)
    children = processes_of_runs(workspace)
    command("down")
    assert not trainers(workspace) and not any(child.lives for child in children)
    up()
    crashed = ask("GET", f"{api(workspace)}/flow_runs/{run}")["state"]
    assert (crashed["name"], crashed["message"]) == ("Crashed", "Execution was aborted by a termination signal.")


@pytest.mark.soak
def test_staying_up_mends_what_dies_and_leaves_nothing_when_asked_to_end(tmp_path: Path, small: Path) -> None:
    workspace = Workspace.at(tmp_path / "workspace")
    told = [sys.executable, "-m", "flows.cli", "up", "--stay", "--workspace", str(workspace.root)]
    with subprocess.Popen(
        [*told, "--config", str(small)], cwd=CHECKOUT, env=clean(), stdout=subprocess.PIPE, text=True
    ) as staying:
        assert staying.stdout is not None
        assert any(line.startswith("deployed") for line in staying.stdout)
        first = processes(workspace)
        os.kill(first["page"].pid, signal.SIGKILL)
        os.kill(first["server"].pid, signal.SIGKILL)
        assert next(staying.stdout) == "mending   server, worker, page\n"
        assert any(line.startswith("deployed") for line in staying.stdout)
        second = processes(workspace)
        assert second["page"] != first["page"] and second["server"] != first["server"]
        assert second["worker"] == first["worker"]  # it was well: its runs went on
        staying.terminate()
        assert staying.wait(timeout=60) == 0
    assert not any(daemon.lives for daemon in second.values())


@pytest.mark.soak
def test_on_a_server_elsewhere_no_server_is_started_and_none_is_ended(
    up: Callable[[], Told], workspace: Workspace, tmp_path: Path, small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there, here = api(workspace), Workspace.at(tmp_path / "workspace")
    monkeypatch.setenv("PREFECT_API_URL", there)
    live = bring_up(here, load_settings(small, ["live.pool=elsewhere"]))
    assert live.server.external and not here.server_record.exists()
    assert live.deployments == ["retraining", "retraining-on-labels", "quality-check", "backbone-training"]
    deployment = ask("GET", f"{there}/deployments/name/retraining/retraining")
    assert deployment["work_pool_name"] == "elsewhere"
    assert deployment["parameters"]["workspace"] == str(here.root)
    assert {name: status.state for name, status in services(here).items()} == dict.fromkeys(
        ("server", "worker", "page"), "running"
    )
    assert take_down(here) == ["worker", "page"]
    assert ask("GET", f"{there}/health") is True
    for left in ask("POST", f"{there}/deployments/filter", {}):
        ask("DELETE", f"{there}/deployments/{left['id']}")


def test_down_leaves_no_process_and_ends_nothing_twice(
    up: Callable[[], Told], command: Callable[..., Told], workspace: Workspace
) -> None:
    before = processes(workspace)
    assert command("down").stdout == "ended: worker, page, Prefect server\n"
    assert not any(daemon.lives for daemon in before.values())
    assert {status.state for status in services(workspace).values()} == {"stopped"}
    assert command("down").stdout == "nothing was running\n"
