"""How MLflow serves a bundle: this file is stored with each registered version and run to load it.

It imports nothing of ours. Each version is decoded, scored and decided by the serving.py in its own bundle.
"""

import importlib.util
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd


class Entry(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
    """A data frame with the column ``image`` (encoded bytes) in; label, probability and decision out."""

    def load_context(self, context: Any) -> None:
        bundle = Path(context.artifacts["bundle"])
        self.classifier = _serving_of(bundle).load(bundle)

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        frame: pd.DataFrame = self.classifier.predict(model_input)
        return frame


def _serving_of(bundle: Path) -> Any:
    """The bundle's own serving.py. Not in sys.modules: two versions may be loaded in one process."""
    spec = importlib.util.spec_from_file_location("bundle_serving", bundle / "serving.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


mlflow.models.set_model(Entry())
