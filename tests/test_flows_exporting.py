"""`smearflow export`: the champion of the session as a file, with what is told of it; what it refuses (15 s)."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from drawn_exports import exported

from flows.exporting import bundle_as_measured, formats_called, refuse_to_replace, table_of
from smearflow.errors import UsageError
from smearflow.models.export_formats import FORMATS
from smearflow.origins import origins_of
from smearflow.registry.champion import fetch_bundle, find_champion
from smearflow.registry.mlflow_store import local_uri
from smearflow.workspace import building

NAME = ("--set", "registry.name=small-cells")


@pytest.fixture(scope="module")
def told(finished, smearflow):
    done = smearflow("export", "--format", "litert-int8", *NAME)
    assert done.returncode == 0, done.stderr
    return done


def test_the_champion_is_exported_and_measured_on_the_test_set_of_its_run(told, workspace, finished_summary):
    folder = workspace.exports / "small-cells-1-litert-int8"
    assert told.stdout.splitlines()[-1] == f"exported  {folder}"
    assert re.search(r"^litert-int8 +\d+ +[\d.]+ +[\d.]+ +[01]\.\d{4} \(", told.stdout, re.MULTILINE)
    beside = {"exports.json", "README.md", "MODEL_CARD.md", "artifact.json"}
    assert {f.name for f in folder.iterdir()} == {"litert-int8.tflite", *beside}
    facts = json.loads((folder / "exports.json").read_text())
    summary = finished_summary
    assert facts["test_set"]["run"] == summary.run_id and facts["test_set"]["of_the_run_that_made_it"]
    assert facts["test_set"]["images"] == summary.split.test
    assert facts["formats"][0]["note"] == "every step in integers"
    measured = next(m for m in summary.models if m.name == summary.champion.model)
    assert facts["keras"]["accuracy"]["value"] == pytest.approx(measured.test.accuracy.value)
    assert facts["decision"]["threshold"] == pytest.approx(measured.threshold)


def test_what_its_readme_says_to_do_in_python_works(told, workspace, tmp_path, monkeypatch):
    folder = workspace.exports / "small-cells-1-litert-int8"
    code = re.search(r"```python\n(.*)```", (folder / "README.md").read_text(), re.DOTALL)[1]
    cell = next(next(workspace.artifacts.glob("demo/*")).rglob("*.png"))
    (tmp_path / "cell.png").write_bytes(cell.read_bytes())
    (tmp_path / "litert-int8.tflite").write_bytes((folder / "litert-int8.tflite").read_bytes())
    monkeypatch.chdir(tmp_path)
    found: dict[str, float] = {}
    exec(code, found)
    champion = find_champion(local_uri(workspace), "small-cells")
    assert champion
    size = json.loads((fetch_bundle(local_uri(workspace), champion, tmp_path) / "model.json").read_text())["input_size"]
    says = FORMATS["litert-int8"].load(folder, 1)
    from PIL import Image

    pixels = Image.open(cell).convert("RGB").resize((size, size), Image.Resampling.BILINEAR)
    assert found["r"] == says(np.asarray(pixels)) and 0 <= found["r"] <= 1


def test_a_model_of_a_run_has_the_threshold_that_the_run_gave_it(finished_summary, workspace, tmp_path):
    summary = finished_summary
    origins = origins_of(workspace, summary.run_id)
    for model in summary.models:
        bundle_as_measured(origins.models[model.name].folder, origins.settings, tmp_path / model.name)
        facts = json.loads((tmp_path / model.name / "model.json").read_text())
        assert facts["threshold"] == pytest.approx(model.threshold)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--format", "onnx"), "There is no format 'onnx'."),
        (("--version", "77"), "There is no version 77 of small-cells."),
        (("--model", "VGG19"), "trained no 'VGG19'"),
    ],
)
def test_what_is_not_there_is_named(finished, workspace, capsys, arguments, said):
    from flows.cli import main

    assert main(["export", "--workspace", str(workspace.root), *NAME, *arguments]) == 2
    assert said in capsys.readouterr().err


def test_a_workspace_without_a_champion_names_the_way_out(tmp_path, capsys):
    from flows.cli import main

    assert main(["export", "--workspace", str(tmp_path)]) == 2
    assert "There is no champion of malaria-cells" in capsys.readouterr().err
    assert main(["export", "--workspace", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()


def test_formats_are_named_alone_by_library_or_all():
    assert formats_called("litert-int8") == ("litert-int8",)
    assert formats_called("openvino") == ("openvino-float32", "openvino-float16")
    assert len(formats_called("all")) == 5
    with pytest.raises(UsageError, match="no format 'lite'"):
        formats_called("lite")


def test_nothing_but_an_earlier_export_is_replaced(tmp_path: Path):
    refuse_to_replace(tmp_path / "new")
    with building(tmp_path / "earlier") as filling:
        (filling / "exports.json").write_text("{}")
    refuse_to_replace(tmp_path / "earlier")
    (tmp_path / "earlier" / "mine.txt").write_text("mine")
    with pytest.raises(UsageError, match="--out DIR"):
        refuse_to_replace(tmp_path / "earlier")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(UsageError, match="is there already"):
        refuse_to_replace(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    refuse_to_replace(tmp_path / "empty")


def test_the_table_names_the_smallest_and_what_could_not_be_made():
    lines = table_of(exported(own=False))
    assert lines[0] == "malaria-cells, version 3 (compact), on 1,862 test images of 31 groups"
    assert [line.split()[0] for line in lines[1:5]] == ["format", "keras", "litert-float32", "litert-int8"]
    assert "test set  of run 20261129-080000-aaaa: the split of the run that made it is gone" in lines
    assert "note      openvino-float16: it knows no such layer" in lines
    assert lines[-1] == "smallest  litert-int8, 112 kB, of those that lose no more than 0.005 of accuracy"
