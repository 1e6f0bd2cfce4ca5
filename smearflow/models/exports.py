"""Exporting a bundle: `python -m smearflow.models.exports SPEC.json`, in a process of its own.

Each format is converted, asked for every test image as the bundle itself is, and timed. One that can't hold the
network is told, and the others go on.
"""

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from smearflow.data.sources import file_at
from smearflow.errors import TrainingError
from smearflow.models.child import done_as_told, import_keras, say, timed
from smearflow.models.ensemble import in_logits
from smearflow.models.export_formats import FORMATS, Array, Says
from smearflow.models.pixels import CHUNK, PixelStream, decode_files
from smearflow.models.spec import ExportSpec, Measured, MeasuredExport
from smearflow.registry.serving import Classifier, calibrated, load

KERAS = "keras"  # the column of what the bundle itself says
SAMPLE = 400  # training images that the ranges of int8 come from
TOLD = 4 * CHUNK  # images between two lines
WARMING = 10  # images before the clock starts
TIMED = 200  # images whose median is told, or as many as LONGEST allows
LONGEST = 4.0  # seconds


def main(arguments: list[str]) -> int:
    """Export as the spec says. Exit status 0, PERMANENT, or 1."""
    return done_as_told(arguments, ExportSpec, export)


def export(spec: ExportSpec) -> None:
    """Converted files into ``spec.out``; predictions.parquet and measured.json into ``spec.found``.

    Raises TrainingError (permanent) where no format can hold the network, or no test image can be read.
    """
    classifier = load(spec.bundle)
    rows = pd.read_parquet(spec.parts)
    sample = sample_of(rows[rows["split"] == "train"], spec.root, classifier.input_size)
    import_keras(spec.threads, seed=0)  # nothing is drawn
    with tempfile.TemporaryDirectory() as aside:
        exported = Path(aside) / "saved_model"
        export_network(in_logits(load(spec.bundle).network), classifier.input_size, exported)
        converted = [_converted(name, exported, sample, spec.out) for name in spec.formats]
    whole = [each.name for each in converted if each.error is None]
    if not whole:
        reasons = "\n".join(f"{each.name}: {each.error}" for each in converted)
        raise TrainingError(
            f"No format can hold {classifier.name}.\n{reasons}", "Export another model.", permanent=True
        )
    table = said_by_all(classifier, whole, rows[rows["split"] == "test"], spec)
    table.to_parquet(spec.found / "predictions.parquet", index=False)
    pixels = sample[: min(len(sample), TIMED)]
    timings = [_timed(each, spec.out, pixels) if each.error is None else each for each in converted]
    keras_ms = milliseconds(lambda image: float(classifier.probabilities(image[None])[0]), pixels)
    measured = Measured(formats=tuple(timings), keras_ms=keras_ms, threads=spec.threads)
    (spec.found / "measured.json").write_text(measured.model_dump_json(indent=1), encoding="utf-8")


def sample_of(training: pd.DataFrame, root: Path, size: int) -> Array:
    """Pixels uint8 (n, size, size, 3) of up to SAMPLE readable ``training`` images, the same at each call.

    Raises TrainingError (permanent) where none can be read.
    """
    rows = training.sample(min(SAMPLE, len(training)), random_state=0)
    decoded = decode_files([file_at(root, path) for path in rows["path"]], size)
    _require(len(decoded.pixels), len(rows), root)
    return decoded.pixels


def export_network(network: Any, size: int, folder: Path) -> None:
    """``network`` as a SavedModel of one image at a time, (1, size, size, 3)."""
    import keras

    entry = keras.InputSpec(shape=(1, size, size, 3), dtype="float32", name="pixels")
    network.export(str(folder), verbose=False, input_signature=[entry])


def said_by_all(classifier: Classifier, formats: list[str], rows: pd.DataFrame, spec: ExportSpec) -> pd.DataFrame:
    """``rows`` that can be read, with the calibrated probability of Keras and of each format as a column, float64."""
    loaded = {name: FORMATS[name].load(spec.out, spec.threads) for name in formats}
    files = [file_at(spec.root, path) for path in rows["path"]]
    said: dict[str, list[Array]] = {KERAS: [], **{name: [] for name in formats}}
    errors: list[str | None] = []
    with PixelStream(files, classifier.input_size, spec.threads, rows["sha256"].tolist()) as stream:
        for decoded in stream:
            errors += decoded.errors
            said[KERAS].append(classifier.probabilities(decoded.pixels))
            for name, says in loaded.items():
                raw = np.array([says(pixels) for pixels in decoded.pixels], np.float64)
                said[name].append(calibrated(raw, classifier.calibration))
            if len(errors) % TOLD == 0 or len(errors) == len(files):
                say(f"images {len(errors):,}/{len(files):,}")
    kept = rows[[error is None for error in errors]]
    _require(len(kept), len(rows), spec.root)
    return kept.assign(**{name: np.concatenate(each) for name, each in said.items()})


def milliseconds(says: Says, pixels: Array) -> float:
    """The median time of one image of ``pixels`` (n, size, size, 3), which are gone round again if they are few."""
    for number in range(WARMING):
        says(pixels[number % len(pixels)])
    times: list[float] = []
    start = time.perf_counter()
    while len(times) < TIMED and (time.perf_counter() - start < LONGEST or len(times) < WARMING):
        image = pixels[len(times) % len(pixels)]
        times.append(timed(lambda image=image: says(image))[1])  # type: ignore[misc]
    return 1000 * float(np.median(times))


def _converted(name: str, exported: Path, sample: Array, out: Path) -> MeasuredExport:
    """What became of one format: its files, or why there are none."""
    try:
        files, seconds = timed(lambda: FORMATS[name].convert(exported, sample, out))
        note = FORMATS[name].note(out)
    except (ValueError, RuntimeError) as error:
        say(f"{name}: not converted: {str(error).splitlines()[0]}")
        return MeasuredExport(name=name, error=str(error))
    size = sum(file.stat().st_size for file in files)
    say(f"{name}: {size / 1000:,.0f} kB, converted in {seconds:.1f} s")
    return MeasuredExport(name=name, files=tuple(file.name for file in files), size=size, note=note)


def _timed(export: MeasuredExport, folder: Path, pixels: Array) -> MeasuredExport:
    one, two = (milliseconds(FORMATS[export.name].load(folder, threads), pixels) for threads in (1, 2))
    say(f"{export.name}: {one:.2f} ms an image on one thread, {two:.2f} ms on two")
    return export.model_copy(update={"ms_one": one, "ms_two": two})


def _require(found: int, wanted: int, root: Path) -> None:
    """Raise TrainingError (permanent) where nothing was found."""
    if not found:
        what = f"None of {wanted:,} images below {root} can be read any more, as they were when they were scanned."
        raise TrainingError(what, "Bring them back, or run again on those that there are.", permanent=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
