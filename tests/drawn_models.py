"""Trained models that the tests of the stages write down themselves: what a trainer leaves, without a training."""

import json
import shutil
from pathlib import Path
from typing import Any

import pandas as pd

from smearflow.models.bundles import add_facts
from smearflow.models.spec import Seconds, Trained
from smearflow.registry import serving
from tasks.examine import Examined

CURVES = [{"epoch": 1, "loss": 0.6, "accuracy": 0.7, "val_loss": 0.5, "val_accuracy": 0.8, "val_auc": 0.9}]


def trained(name: str, folder: Path = Path("nowhere"), **changes: Any) -> Trained:
    """A frozen backbone's result; its digest is its name."""
    facts = {"params": 2_257_984, "trainable": 481, "input_size": 96, "cut": "block_6_expand_relu", "epochs": 1}
    facts |= {"weights": "imagenet", "control": False, "size_mb": 0.42, "weights_digest": name}
    seconds = Seconds(importing=6, compiling=1, features=4, fit=30)
    return Trained(**{"name": name, "folder": folder, "seconds": seconds, **facts, **changes})


def left_by_trainer(folder: Path, name: str, predictions: pd.DataFrame, **changes: Any) -> Trained:
    """The same with its files in ``folder``: curves, ``predictions``, and a bundle whose network is only a text."""
    bundle = folder / "bundle"
    bundle.mkdir(parents=True)
    predictions.to_parquet(folder / "predictions.parquet", index=False)
    (folder / "curves.json").write_text(json.dumps(CURVES))
    (bundle / "model.keras").write_text(f"the network of {name}")
    (bundle / "serving.py").write_bytes(Path(serving.__file__).read_bytes())
    facts = {"name": name, "input_size": 96, "classes": ["Parasitized", "Uninfected"], "positive": "Parasitized"}
    (bundle / "model.json").write_text(json.dumps({**facts, "threshold": 0.5}))
    return trained(name, folder, **changes)


def left_by_examination(folder: Path, model: Trained, threshold: float = 0.5) -> Examined:
    """What examining ``model`` leaves, without a network: its bundle that decides at ``threshold``, no heat map."""
    shutil.copytree(model.folder / "bundle", folder / "bundle")
    add_facts(folder / "bundle", threshold=threshold)
    return Examined(folder, model.name, 0.42, latency_ms=2.5, parity=1e-6, novelty={"test": 0.01, "noise": 1.0})
