"""The systemd unit and the Compose file: they parse, name what there is, and stay on loopback with pinned versions."""

import configparser
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.cli import parser
from smearflow.service.prefect_server import QUIET

CHECKOUT = Path(__file__).resolve().parent.parent
DEPLOY = CHECKOUT / "deploy"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return found


@pytest.fixture(scope="module")
def unit() -> configparser.ConfigParser:
    found = configparser.ConfigParser(interpolation=None, strict=True)
    found.optionxform = str  # type: ignore[assignment,method-assign]
    found.read(DEPLOY / "smearflow.service")
    return found


def test_the_unit_starts_a_command_that_there_is(unit: configparser.ConfigParser) -> None:
    program, *arguments = shlex.split(unit["Service"]["ExecStart"])
    chosen = parser().parse_args(arguments)
    assert Path(program).name == "smearflow" and chosen.verb == "up" and chosen.stay
    assert str(chosen.workspace) == f"/var/lib/{unit['Service']['StateDirectory']}"


def test_the_unit_asks_one_process_and_gives_it_time(unit: configparser.ConfigParser) -> None:
    service = unit["Service"]
    assert (service["Type"], service["KillMode"], service["Restart"]) == ("exec", "mixed", "on-failure")
    assert int(service["TimeoutStopSec"]) >= 60
    assert service["RestartPreventExitStatus"] == "2"  # what a wrong configuration ends with
    assert unit["Install"]["WantedBy"] == "multi-user.target"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_unit(tmp_path: Path) -> None:
    text = (DEPLOY / "smearflow.service").read_text()
    here = tmp_path / "smearflow.service"  # with a program and a user that this machine has
    here.write_text(
        text.replace("/opt/smearflow/.venv/bin/smearflow", "/bin/true").replace("User=smearflow", "User=root")
    )
    done = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
    assert "smearflow.service" not in done.stderr, done.stderr


def test_everything_waits_for_what_it_needs(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services.keys() == {"database", "server", "mlflow", "worker"}
    needs = {name: set(service.get("depends_on", ())) for name, service in services.items()}
    assert needs == {"database": set(), "server": {"database"}, "mlflow": set(), "worker": {"server", "mlflow"}}
    for service in services.values():
        assert all(how == {"condition": "service_healthy"} for how in service.get("depends_on", {}).values())
        assert service["healthcheck"]["test"] and service["restart"] == "unless-stopped"


def test_ports_are_loopback_only(compose: dict[str, Any]) -> None:
    published = [port for service in compose["services"].values() for port in service.get("ports", ())]
    assert published == ["127.0.0.1:4200:4200", "127.0.0.1:5000:5000"]


def test_what_must_survive_is_in_volumes(compose: dict[str, Any]) -> None:
    mounted = {m.partition(":")[0] for s in compose["services"].values() for m in s["volumes"]}
    assert set(compose["volumes"]) == {"database", "prefect", "mlflow", "workspace"} <= mounted
    assert all(m.endswith(":ro") for m in compose["services"]["worker"]["volumes"] if not m.startswith("workspace"))


def test_the_worker_starts_a_command_that_there_is(compose: dict[str, Any]) -> None:
    worker = compose["services"]["worker"]
    chosen = parser().parse_args(worker["command"][1:])
    assert chosen.verb == "up" and chosen.stay and chosen.set == ["registry.uri=http://127.0.0.1:5000"]
    assert worker["environment"]["PREFECT_API_URL"] == "http://127.0.0.1:4200/api"


def test_telemetry_is_off(compose: dict[str, Any]) -> None:
    services = compose["services"]
    server = services["server"]["environment"]
    assert {name: server[name] for name in QUIET if name in server}.items() <= QUIET.items()
    assert server.keys() >= {"DO_NOT_TRACK", "PREFECT_SERVER_ANALYTICS_ENABLED", "PREFECT_SERVER_UI_V2_ENABLED"}
    assert services["mlflow"]["environment"]["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert all(services[name]["environment"]["DO_NOT_TRACK"] == "1" for name in ("server", "mlflow", "worker"))


def test_versions_are_those_of_the_lock(compose: dict[str, Any]) -> None:
    version = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]["version"]
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert {images[name] for name in ("server", "mlflow", "worker")} == {f"smearflow:{version}"}
    assert re.fullmatch(r"postgres:\d+\.\d+-\w+", images["database"])
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert "pip install --no-deps --require-hashes -r requirements.lock" in dockerfile
    assert not re.search(r"pip install .*[=<>]=", dockerfile)  # nothing beside the lock
    lock = (CHECKOUT / "requirements.lock").read_text()
    assert all(re.search(rf"^{name}==", lock, re.M) for name in ("prefect", "mlflow", "asyncpg"))


def test_the_image_holds_what_it_runs(compose: dict[str, Any]) -> None:
    copied = re.findall(r"^COPY (?:--\S+ )?(.+) \S+$", (DEPLOY / "Dockerfile").read_text(), re.M)
    names = {name for line in copied for name in line.split()}
    packages = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert {package.split(".")[0] for package in packages} | {"prefect.yaml", "requirements.lock"} <= names
    kept = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert {f"!{name}" for name in names} <= set(kept)
    assert all((CHECKOUT / name).exists() for name in names)
