"""Ways to make a model small, side by side: `python -m benchmarks.exports [--workspace DIR] [--model LABEL]`.

A model of the workspace's last run (its first, unless one is named) as LiteRT files: float32, float16, weights alone in
int8 (dynamic range), int8 with ranges from 20 to 1,000 training images, and int8 weights with int16 sums. Each is asked
for every test image of the run; printed are its size, what it loses of the accuracy, with the patient-bootstrap
interval, the AUC, the decisions that change and the largest difference of a probability.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from flows.exporting import bundle_as_measured
from flows.tables import aligned
from smearflow.data.sources import file_at
from smearflow.evaluation.exported import Deciding, Kept, kept_by
from smearflow.models.child import import_keras
from smearflow.models.ensemble import in_logits
from smearflow.models.exports import KERAS, export_network
from smearflow.models.pixels import decode_files
from smearflow.origins import last_run
from smearflow.registry.exported import told
from smearflow.registry.serving import calibrated, load
from smearflow.workspace import Workspace

Array = np.ndarray[Any, Any]
Prepare = Callable[[Any, Array], None]  # a converter, and training images for its ranges


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workspace", type=Path, default=Path("workspace"))
    parser.add_argument("--model", metavar="LABEL")
    chosen = parser.parse_args()
    origins = last_run(Workspace.at(chosen.workspace))
    label = chosen.model or next(iter(origins.models))
    import_keras(2, seed=0)
    with tempfile.TemporaryDirectory() as aside:
        folder = Path(aside)
        bundle_as_measured(origins.models[label].folder, origins.settings, folder / "bundle")
        classifier = load(folder / "bundle")
        rows = pd.read_parquet(origins.split)
        training, test = (
            _pixels(rows[rows["split"] == name], origins.root, classifier.input_size) for name in ("train", "test")
        )
        export_network(in_logits(load(folder / "bundle").network), classifier.input_size, folder / "saved_model")
        files = {name: _converted(folder / "saved_model", prepare, training[1]) for name, prepare in WAYS.items()}
        said = {name: calibrated(_asked(file, test[1]), classifier.calibration) for name, file in files.items()}
        table = test[0].assign(**{KERAS: classifier.probabilities(test[1])}, **said)
    deciding = Deciding(classifier.positive, classifier.threshold)
    kept = kept_by(table, KERAS, list(files), deciding, origins.settings.evaluation.bootstrap)
    print(f"{label} of run {origins.run_id}, {len(table):,} test images: accuracy {told(kept[KERAS].accuracy)}")
    heading = ("format", "kB", "lost", "AUC", "decided otherwise", "largest")
    print("\n".join(aligned([heading, *(_row(name, file, kept[name]) for name, file in files.items())])))


def _pixels(rows: pd.DataFrame, root: Path, size: int) -> tuple[pd.DataFrame, Array]:
    """The readable ``rows``, in a random order that is always the same, and their pixels, uint8."""
    rows = rows.sample(frac=1, random_state=0)
    decoded = decode_files([file_at(root, path) for path in rows["path"]], size)
    return rows[[error is None for error in decoded.errors]], decoded.pixels


def _converted(exported: Path, prepare: Prepare, training: Array) -> bytes:
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_saved_model(str(exported))
    prepare(converter, training)
    file: bytes = converter.convert()
    return file


def _asked(file: bytes, pixels: Array) -> Array:
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(model_content=file, num_threads=2)
    interpreter.allocate_tensors()
    entry, exit_ = (end()[0]["index"] for end in (interpreter.get_input_details, interpreter.get_output_details))
    said = []
    for image in pixels:
        interpreter.set_tensor(entry, image[None].astype(np.float32))
        interpreter.invoke()
        said.append(float(interpreter.get_tensor(exit_)[0, 0]))
    return np.array(said)


def _row(name: str, file: bytes, kept: Kept) -> tuple[str, ...]:
    figures = (told(kept.lost), f"{kept.auc.value:.4f}", f"{kept.changed:,}", f"{kept.largest:.4f}")
    return (name, f"{len(file) / 1000:,.0f}", *figures)


def _as_it_is(converter: Any, training: Array) -> None:
    pass


def _weights_in_half(converter: Any, training: Array) -> None:
    import tensorflow as tf

    _weights_in_int8(converter, training)
    converter.target_spec.supported_types = [tf.float16]


def _weights_in_int8(converter: Any, training: Array) -> None:
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _all_in_int8(images: int) -> Prepare:
    def prepare(converter: Any, training: Array) -> None:
        _weights_in_int8(converter, training)
        converter.representative_dataset = lambda: ([image[None].astype(np.float32)] for image in training[:images])

    return prepare


def _sums_in_int16(converter: Any, training: Array) -> None:
    import tensorflow as tf

    _all_in_int8(400)(converter, training)
    converter.target_spec.supported_ops = [
        tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8,
        tf.lite.OpsSet.TFLITE_BUILTINS,
    ]


WAYS: dict[str, Prepare] = {
    "float32": _as_it_is,
    "float16": _weights_in_half,
    "dynamic range": _weights_in_int8,
    **{f"int8, {images:,} images": _all_in_int8(images) for images in (20, 100, 400, 1000)},
    "int8 weights, int16 sums": _sums_in_int16,
}

if __name__ == "__main__":
    main()
