"""What the lecture says of its models: what a run of `config/lecture.yaml` is held beside."""

from dataclasses import dataclass

EPOCHS = 30  # of a backbone that the lecture doesn't train


@dataclass(frozen=True)
class LectureModel:
    """One model of the lecture. Input: side, pixels; test accuracy 0-1, on a random split; size: MiB as saved.

    None: the lecture doesn't say.
    """

    name: str
    input_size: int
    epochs: int
    params: int | None = None
    trainable: int | None = None
    accuracy: float | None = None
    size_mb: float | None = None


LECTURE = (
    LectureModel("simple_cnn", 150, 30, 21_590_593, 21_590_593, 0.9554, 247),
    LectureModel("VGG16", 224, 10, None, None, 0.9623, 153),
    LectureModel("VGG19", 224, 10, 20_049_473, 25_089),
    LectureModel("MobileNetV2", 224, 30, 2_320_705, 62_721, 0.9628, 27),
)


def lecture_model(label: str) -> LectureModel:
    """The lecture's row of a model (``VGG16``, or a run's second one, ``VGG16 2``).

    Of a network that the lecture doesn't train, the input size and epochs that it would have.
    """
    name = label.partition(" ")[0]
    return next((row for row in LECTURE if row.name == name), LectureModel(name, 224, EPOCHS))


def scaled_epochs(name: str, scale: float) -> int:
    """The lecture's epochs times ``scale``, at least 1."""
    return max(1, round(lecture_model(name).epochs * scale))
