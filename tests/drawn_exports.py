"""An export that the tests write down themselves, without a conversion."""

from typing import Any

from smearflow.evaluation.exported import Kept
from smearflow.evaluation.intervals import Interval
from smearflow.models.spec import Measured, MeasuredExport
from smearflow.registry.exported import Exported

NOTHING = Interval(0.0, 0.0, 0.0)


def kept(accuracy: float, lost: float = 0.0) -> Kept:
    """Figures of an export with this accuracy."""
    around = Interval(accuracy, accuracy - 0.01, accuracy + 0.01)
    return Kept(around, Interval(0.98, 0.97, 0.99), Interval(lost, lost - 0.001, lost + 0.001), 3, 0.02)


def exported(**changes: Any) -> Exported:
    """compact in two formats, of which the smaller one loses little; a third could not be made."""
    formats = (
        MeasuredExport(name="litert-float32", files=("litert-float32.tflite",), size=398_000, ms_one=0.4, ms_two=0.3),
        MeasuredExport(name="litert-int8", files=("litert-int8.tflite",), size=112_000, ms_one=0.2, ms_two=0.1),
        MeasuredExport(name="openvino-float16", error="it knows no such layer\nat line 3"),
    )
    serves = {"name": "compact", "input_size": 96, "classes": ["Parasitized", "Uninfected"]}
    serves |= {"positive": "Parasitized", "threshold": 0.25}
    facts: dict[str, Any] = {
        "title": "malaria-cells, version 3 (compact)",
        "weights_digest": "d" * 64,
        "serves": serves,
        "run": "20261129-080000-aaaa",
        "own": True,
        "images": 1862,
        "groups": 31,
        "processor": "a processor",
        "measured": Measured(formats=formats, keras_ms=1.0, threads=2),
        "kept": {"keras": kept(0.966), "litert-float32": kept(0.966), "litert-int8": kept(0.9655, 0.0005)},
    }
    return Exported(**{**facts, **changes})
