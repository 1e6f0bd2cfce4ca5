"""What lies beside exported files, for whoever builds them into a phone: exports.json and README.md."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from smearflow.evaluation.exported import Kept
from smearflow.evaluation.intervals import Interval
from smearflow.evaluation.scoring import without_nan
from smearflow.models.spec import Measured, MeasuredExport

FACTS = "exports.json"
README = "README.md"
WITHIN = 0.005  # of the model's accuracy: what an export may lose


@dataclass(frozen=True)
class Exported:
    """A model in several formats. ``serves``: model.json of its bundle. ``run``: whose test set it was measured on;
    ``own``: whether that is the run that made it. ``kept``: by format, and of the bundle itself, `keras`."""

    title: str
    weights_digest: str
    serves: Mapping[str, Any]
    run: str
    own: bool
    images: int
    groups: int
    processor: str
    measured: Measured
    kept: Mapping[str, Kept]

    @property
    def whole(self) -> tuple[MeasuredExport, ...]:
        """The formats that could be made."""
        return tuple(each for each in self.measured.formats if each.error is None)

    @property
    def smallest(self) -> MeasuredExport | None:
        """The smallest that loses no more than WITHIN of accuracy."""
        near = [each for each in self.whole if self.kept[each.name].lost.value <= WITHIN]
        return min(near, key=lambda each: each.size or 0, default=None)


def write_facts(exported: Exported, folder: Path) -> None:
    """Write exports.json and README.md into ``folder``."""
    (folder / FACTS).write_text(json.dumps(facts_of(exported), indent=1) + "\n", encoding="utf-8")
    (folder / README).write_text(readme_of(exported), encoding="utf-8")


def facts_of(exported: Exported) -> dict[str, Any]:
    """What exports.json says: all that a device needs, then what was measured. Shares are 0-1, NaN is null."""
    serves, measured = exported.serves, exported.measured
    size = serves["input_size"]
    return {
        "model": exported.title,
        "weights_digest": exported.weights_digest,
        "input": {
            "shape": [1, size, size, 3],
            "dtype": "float32",
            "range": [0, 255],
            "channels": "RGB",
            "resize": "bilinear, stretched to a square",
        },
        "output": {"shape": [1, 1], "dtype": "float32", "means": f"probability of {serves['positive']}, uncalibrated"},
        "decision": {
            "classes": serves["classes"],
            "positive": serves["positive"],
            "calibration": serves.get("calibration"),
            "threshold": serves["threshold"],
            "unsure": serves.get("unsure"),
        },
        "test_set": {
            "run": exported.run,
            "of_the_run_that_made_it": exported.own,
            "images": exported.images,
            "groups": exported.groups,
        },
        "processor": exported.processor,
        "keras": {"ms": measured.keras_ms, "threads": measured.threads, **_figures(exported.kept["keras"])},
        "formats": [
            {**each.model_dump(), **(_figures(exported.kept[each.name]) if each.error is None else {})}
            for each in measured.formats
        ],
    }


def readme_of(exported: Exported) -> str:
    """What README.md says: how to use the files, and what they keep of the model."""
    serves = exported.serves
    size, positive = serves["input_size"], serves["positive"]
    negative = next(each for each in serves["classes"] if each != positive)
    whose = f"run {exported.run}" + ("" if exported.own else ", as the split of the run that made it is gone")
    rows = "".join(_row(each.name, each, exported.kept[each.name]) for each in exported.whole)
    notes = "".join(f"- {each.name}: {each.note or each.error}\n" for each in exported.measured.formats if _told(each))
    shown = next((each.files[0] for each in exported.whole if each.name.startswith("litert")), "litert-float32.tflite")
    unsure = serves.get("unsure")
    band = f", and **unsure** where {unsure[0]:.4f} <= p < {unsure[1]:.4f}" if unsure else ""
    return f"""# {exported.title}, for other machines

Not a medical device. It reads one cell that is already cut out of a stained thin blood smear, and it makes mistakes:
in the table. Nothing in these files sees that a picture shows something else: give them cells only.

## What a device does

1. Decode the picture to RGB; what is transparent becomes black.
2. Stretch it to {size} x {size} pixels, bilinear; the aspect isn't kept. Another way to resize gives other figures.
3. Give it as float32, 0 to 255, shape (1, {size}, {size}, 3). No other preprocessing: it is inside.
4. The answer, shape (1, 1), is the network's probability r of {positive}.
5. Calibrate it: {_calibration(serves.get("calibration"))}
6. Decide: **{positive}** where p >= {serves["threshold"]:.6f}, else **{negative}**{band}.

The same, to be read by a program: `{FACTS}`.

## What the files keep of the model

Measured on {exported.images:,} test images of {exported.groups:,} patients ({whose}).
Times are those of one image at a time, of the network alone, on {exported.processor}. In brackets: 95 % interval by
patient bootstrap. Lost: accuracy of the model itself minus that of the file, on the same images.

| format | kB | ms, 1 thread | ms, 2 threads | accuracy | lost | AUC | decided otherwise |
|---|---|---|---|---|---|---|---|
| the model itself (Keras) | | | {exported.measured.keras_ms:.2f} | {_kept(exported.kept["keras"])} |
{rows}
{notes}
## In Python

```python
import numpy as np
import tensorflow as tf  # or its small runtime: from ai_edge_litert.interpreter import Interpreter
from PIL import Image

network = tf.lite.Interpreter("{shown}")
network.allocate_tensors()
cell = Image.open("cell.png").convert("RGB").resize(({size}, {size}), Image.Resampling.BILINEAR)
network.set_tensor(network.get_input_details()[0]["index"], np.asarray(cell, np.float32)[None])
network.invoke()
r = float(network.get_tensor(network.get_output_details()[0]["index"])[0, 0])
```
"""


def told(interval: Interval) -> str:
    """``0.9651 (0.9547 to 0.9744)``."""
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"


def _calibration(calibration: Mapping[str, Any] | None) -> str:
    if calibration is None:
        return "nothing to do, p = r."
    if calibration["kind"] == "temperature":
        return f"p = sigmoid(ln(r / (1 - r)) / {calibration['temperature']:.6f}), r kept 1e-7 away from 0 and 1."
    return f"p is read off the straight lines between the points `decision.calibration` of `{FACTS}`, at x = r."


def _row(name: str, each: MeasuredExport, kept: Kept) -> str:
    return f"| {name} | {(each.size or 0) / 1000:,.0f} | {each.ms_one:.2f} | {each.ms_two:.2f} | {_kept(kept)} |\n"


def _kept(kept: Kept) -> str:
    return f"{told(kept.accuracy)} | {told(kept.lost)} | {kept.auc.value:.4f} | {kept.changed:,}"


def _told(each: MeasuredExport) -> bool:
    return bool(each.note or each.error)


def _figures(kept: Kept) -> dict[str, Any]:
    figures: dict[str, Any] = without_nan(asdict(kept))
    return figures
