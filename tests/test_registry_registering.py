"""A registered version says where it comes from, and serves alone. A real network, a real MLflow (20-40 s)."""

import json
import math
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from smearflow.errors import MissingPart
from smearflow.evaluation.intervals import Interval
from smearflow.provenance import processor_name
from smearflow.registry import serving
from smearflow.registry.champion import ALIAS, Champion, find_champion
from smearflow.registry.mlflow_store import local_uri, mlflow_client
from smearflow.registry.registering import Facts, flattened, register
from smearflow.workspace import Workspace

NAME = "malaria-cells"
CHECKOUT = Path(__file__).resolve().parent.parent
FACTS = Facts(
    run_id="2026-11-24-1",
    weights_digest="d1",
    provisional=True,
    settings={"split": {"seed": 1337, "ratio": (0.6, 0.2, 0.2)}, "models": [{"name": "compact"}]},
    test={"auc": Interval(0.98, 0.97, 0.99), "sensitivity": Interval(math.nan, math.nan, math.nan)},
    curves=[{"epoch": 1, "loss": 0.6}, {"epoch": 2, "loss": 0.4}],
    digests={"data": "da", "split": "sp", "code": "co", "lock": "lo"},
)

# What a user of the model runs: not one file or module of this checkout may be touched.
ELSEWHERE = """
import io, json, os, sys

def no_checkout(event, arguments):
    if event == "import" and arguments[0].split(".")[0] in OURS:
        raise ImportError(f"{arguments[0]} isn't there")
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(CHECKOUT):
        assert arguments[0].startswith(VENV), f"{arguments[0]} isn't there"

CHECKOUT, VENV, URI, NAME = sys.argv[1:]
OURS = ("smearflow", "tasks", "flows", "expectations", "prefect", "great_expectations", "cv2", "matplotlib")
sys.addaudithook(no_checkout)

import mlflow, pandas
from PIL import Image

def encoded(colour):
    data = io.BytesIO()
    Image.new("RGB", (40, 30), colour).save(data, "PNG")
    return data.getvalue()

mlflow.set_tracking_uri(URI)
model = mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
frame = pandas.DataFrame({"image": [encoded("white"), encoded("black"), b"no image"]})
print(model.predict(frame).to_json(orient="records"))
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace.at(tmp_path_factory.mktemp("registering") / "workspace")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose network calls bright images Parasitized."""
    import keras
    import numpy as np

    folder = tmp_path_factory.mktemp("trained") / "bundle"
    folder.mkdir()
    network = keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    network.set_weights([np.full((3, 1), 0.01), np.array([-3.0])])
    network.save(folder / "model.keras")
    facts = {"name": "compact", "input_size": 16, "threshold": 0.5}
    facts |= {"classes": ["Parasitized", "Uninfected"], "positive": "Parasitized"}
    (folder / "model.json").write_text(json.dumps(facts))
    shutil.copy(serving.__file__, folder)
    return folder


@pytest.fixture(scope="module")
def champion(workspace: Workspace, bundle: Path) -> Champion:
    made = register(bundle, FACTS, local_uri(workspace), workspace.registry_files, NAME)
    with mlflow_client(local_uri(workspace)) as client:
        client.set_registered_model_alias(NAME, ALIAS, str(made.version))
    return made


def only_run(client: Any, name: str) -> Any:
    (run,) = client.search_runs([client.get_experiment_by_name(name).experiment_id])
    return run


def test_settings_become_dotted_names() -> None:
    assert dict(flattened(FACTS.settings)) == {
        "split.seed": 1337,
        "split.ratio.0": 0.6,
        "split.ratio.1": 0.2,
        "split.ratio.2": 0.2,
        "models.0.name": "compact",
    }


def test_the_run_holds_all_that_led_to_the_model(workspace: Workspace, champion: Champion) -> None:
    with mlflow_client(local_uri(workspace)) as client:
        run = only_run(client, NAME)
        losses = client.get_metric_history(run.info.run_id, "loss")
    assert run.info.status == "FINISHED"
    assert run.data.params["split.seed"] == "1337"
    assert run.data.metrics["test_auc_low"] == 0.97
    assert math.isnan(run.data.metrics["test_sensitivity"])
    assert [(point.step, point.value) for point in losses] == [(1, 0.6), (2, 0.4)]
    assert run.data.tags["lock_digest"] == "lo"


def test_the_version_alone_can_be_traced(workspace: Workspace, champion: Champion) -> None:
    with mlflow_client(local_uri(workspace)) as client:
        version = client.get_model_version_by_alias(NAME, "champion")
    assert version.tags == {
        "model": "compact",
        "weights_digest": "d1",
        "threshold": "0.5",
        "provisional": "true",
        "run": "2026-11-24-1",
        "data_digest": "da",
        "split_digest": "sp",
        "code_digest": "co",
        "lock_digest": "lo",
        "cpu": processor_name(),
    }


def test_it_serves_where_this_checkout_is_not(workspace: Workspace, champion: Champion, tmp_path: Path) -> None:
    script = tmp_path / "elsewhere.py"
    script.write_text(ELSEWHERE)
    command = [sys.executable, "-I", str(script), str(CHECKOUT), sys.prefix, local_uri(workspace), NAME]
    told = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    white, black, broken = json.loads(told.stdout)
    assert (white["label"], white["decision"]) == ("Parasitized", "Parasitized")
    assert white["probability"] > 0.9
    assert (black["label"], black["decision"]) == ("Uninfected", "Uninfected")
    assert broken == {"label": None, "probability": None, "decision": None}


def test_a_second_version_leaves_the_alias_where_it_is(workspace: Workspace, champion: Champion, bundle: Path) -> None:
    second = replace(FACTS, run_id="2026-11-24-2", weights_digest="d2", provisional=False)
    uri = local_uri(workspace)
    made = register(bundle, second, uri, workspace.registry_files, "another")
    again = register(bundle, second, uri, workspace.registry_files, "another")
    assert (made.version, again.version, again.provisional) == (1, 2, False)
    assert find_champion(uri, "another") is None
    assert find_champion(uri, NAME) == champion


def test_nothing_of_a_version_is_pickled(champion: Champion) -> None:
    files = {file.name for file in Path(champion.location).rglob("*") if file.is_file()}
    assert "pyfunc_entry.py" in files
    assert not [name for name in files if name.endswith((".pkl", ".pickle", ".joblib", ".h5"))]
    told = (Path(champion.location) / "MLmodel").read_text()
    assert "loader_module: mlflow.pyfunc.loaders.code_model" in told


def test_a_network_with_code_of_its_own_inside_is_not_run(bundle: Path, tmp_path: Path) -> None:
    import keras

    foreign = shutil.copytree(bundle, tmp_path / "bundle")
    pixels = keras.Input((16, 16, 3))
    keras.Model(pixels, keras.layers.Lambda(lambda x: x)(pixels)).save(foreign / "model.keras")
    with pytest.raises(ValueError, match="safe"):
        _ = serving.load(foreign).network


def test_one_that_fails_leaves_no_champion(workspace: Workspace, champion: Champion, bundle: Path) -> None:
    uri = local_uri(workspace)
    wrong = replace(FACTS, settings={"a key: that # MLflow refuses": 1})
    with pytest.raises(MissingPart, match="can't be used"):
        register(bundle, wrong, uri, workspace.registry_files, "failing")
    assert find_champion(uri, "failing") is None
    with mlflow_client(uri) as client:
        assert only_run(client, "failing").info.status == "FAILED"


def test_after_a_move_new_files_go_to_the_new_place(
    tmp_path: Path, workspace: Workspace, champion: Champion, bundle: Path
) -> None:
    moved = Workspace(tmp_path / "moved")
    shutil.copytree(workspace.root, moved.root)
    made = register(bundle, FACTS, local_uri(moved), moved.registry_files, NAME)
    assert made.version == champion.version + 1
    assert Path(made.location).is_relative_to(moved.root)


def test_registering_says_nothing(tmp_path: Path, bundle: Path) -> None:
    workspace = Workspace.at(tmp_path)
    code = f"""
from pathlib import Path
from smearflow.registry.registering import Facts, register
facts = Facts("r", "d", True, {{}}, {{}}, [], {{}})
register(Path({str(bundle)!r}), facts, {local_uri(workspace)!r}, Path({str(workspace.registry_files)!r}), "quiet")
"""
    told = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert told.stdout + told.stderr == ""
    assert {path.name for path in tmp_path.iterdir()} == {"mlflow.db", "mlflow"}
