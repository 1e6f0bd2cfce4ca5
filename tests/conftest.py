"""What the tests share: cells that they draw, one Prefect server and one small trained run a session."""

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect_cleared import clear
from webhook_sink import Sink

from smearflow.service import webhook
from smearflow.service.deployments import deploy
from smearflow.service.prefect_server import Server, ensure_server, stop_server
from smearflow.service.worker import end_worker, ensure_worker
from smearflow.settings import Settings
from smearflow.summary import Summary, read_summary
from smearflow.workspace import Workspace

CHECKOUT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Finds real data or weights below SMEARFLOW_SHARED, or ../shared; skips the test where they are absent."""

    def find(name: str) -> Path:
        root = Path(os.environ.get("SMEARFLOW_SHARED", CHECKOUT.parent / "shared"))
        if not (root / name).exists():
            pytest.skip(f"no {name}: set SMEARFLOW_SHARED to the folder that holds it")
        return root / name

    return find


@pytest.fixture(scope="session")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """The workspace of the session, with a Prefect server of its own that ends with it."""
    workspace = Workspace.at(tmp_path_factory.mktemp("session") / "workspace")
    yield workspace
    stop_server(workspace)


@pytest.fixture(scope="session")
def server(workspace: Workspace) -> Server:
    """The session's Prefect server."""
    return ensure_server(workspace)


@pytest.fixture
def prefect_server(server: Server, workspace: Workspace) -> Iterator[Server]:
    """Lets flows and tasks of this process run on the session's server."""
    from prefect.logging.handlers import APILogWorker
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_HOME,
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
        temporary_settings,
    )

    chosen = {
        PREFECT_API_URL: server.api_url,
        PREFECT_HOME: workspace.prefect_home,
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,  # its thread costs a second at the end of every flow
    }
    with temporary_settings(chosen):
        yield server
        APILogWorker.drain_all(timeout=5)  # before the server goes


@pytest.fixture(scope="module")
def pool(server: Server, workspace: Workspace) -> Iterator[None]:
    """A worker on the session's server, and the deployments of prefect.yaml; both gone afterwards."""
    settings = Settings()
    ensure_worker(workspace, server, settings.live.pool)
    deploy(workspace, settings, server)
    yield
    end_worker(workspace)
    clear(server)


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    """An address for webhooks; what isn't taken is tried again at once, and once."""
    monkeypatch.setattr(webhook, "PAUSES", (0.0, 0.01))
    with Sink() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


Command = Callable[..., subprocess.CompletedProcess[str]]

SMALL = """
data: {source: demo, demo: {images: 240, patients: 16}}
models: [compact, {name: MobileNetV2, weights: random}]
train: {epochs: 1}
quality: {min_class_groups: 3}
gate: {sensitivity: 0, specificity: 0, accuracy: 0, auc: 0, shortcut: null, slice: 1, calibration: 1}
registry: {name: small-cells}
"""


@pytest.fixture(scope="session")
def smearflow(server: Server, workspace: Workspace) -> Command:
    """Runs the command as a person would, in the session's workspace: smearflow("predict", "a.png")."""

    def command(verb: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        told = [verb, "--workspace", workspace.root, *arguments]
        environment = {**os.environ, "SMEARFLOW_WEIGHTS_DIR": "", "KERAS_HOME": str(workspace.root / "keras")}
        return subprocess.run(
            [sys.executable, "-m", "flows.cli", *map(str, told)],
            cwd=CHECKOUT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return command


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a small job whose candidate always passes the gate."""
    config = tmp_path_factory.mktemp("config") / "small.yaml"
    config.write_text(SMALL)
    return config


@pytest.fixture(scope="session")
def finished(smearflow: Command, small: Path) -> subprocess.CompletedProcess[str]:
    """The main job, run once for the session."""
    done = smearflow("run", "--config", small)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="session")
def finished_summary(finished: subprocess.CompletedProcess[str]) -> Summary:
    """The summary of that run, whatever ran in the session's workspace since."""
    page = next(line.split(maxsplit=1)[1] for line in finished.stdout.splitlines() if line.startswith("report "))
    return read_summary(Path(page).with_name("summary.json"))
