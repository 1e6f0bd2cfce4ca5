"""What MLflow runs to load a version: the bundle's own serving.py decides, and nothing of ours is imported (3 s)."""

import ast
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from smearflow.registry.registering import ENTRY

# A serving.py as an earlier version of smearflow may have left it in a bundle: MODEL stands for what it says.
SERVING = """
class Classifier:
    def predict(self, images):
        return images.assign(label=MODEL)

def load(folder):
    MODEL_FILE = folder / "model.keras"
    assert MODEL_FILE.exists()
    return Classifier()
"""


def bundle(folder: Path, says: str) -> Path:
    folder.mkdir()
    (folder / "model.keras").write_text("a network")
    (folder / "serving.py").write_text(SERVING.replace("=MODEL)", f"={says!r})"))
    return folder


def loaded(folder: Path):
    """The entry as MLflow makes it of a version whose bundle lies at ``folder``."""
    from smearflow.registry.pyfunc_entry import Entry

    entry = Entry()
    entry.load_context(SimpleNamespace(artifacts={"bundle": str(folder)}))
    return entry


def test_two_versions_in_one_process_each_keep_their_own_code(tmp_path: Path) -> None:
    first, second = loaded(bundle(tmp_path / "1", "as in 2026")), loaded(bundle(tmp_path / "2", "as in 2027"))
    images = pd.DataFrame({"image": [b"a cell", b"another"]})
    assert first.predict(None, images)["label"].tolist() == ["as in 2026"] * 2
    assert second.predict(None, images)["label"].tolist() == ["as in 2027"] * 2
    assert "bundle_serving" not in sys.modules


def test_a_bundle_without_its_code_cannot_be_loaded(tmp_path: Path) -> None:
    folder = bundle(tmp_path / "1", "anything")
    (folder / "serving.py").unlink()
    with pytest.raises(FileNotFoundError, match=r"serving\.py"):
        loaded(folder)


def test_it_imports_nothing_of_ours() -> None:
    imports = [node for node in ast.walk(ast.parse(ENTRY.read_text())) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {node.module if isinstance(node, ast.ImportFrom) else node.names[0].name for node in imports}
    assert names == {"importlib.util", "pathlib", "typing", "mlflow", "pandas"}
