"""Settings of training: what is changed in images, which backbones, and how they are fitted."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from smearflow.settings.section import UNKEYED, Section

Initializer = Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"]


class Augment(Section):
    """Random changes to training images, in memory only. What they move in from outside is black.

    Units are those of the lecture's ImageDataGenerator; quarter turns are ours.
    """

    rotation: float = Field(0.0, ge=0, le=180, description="Turn by up to so many degrees either way, 0 to 180.")
    width_shift: float = Field(0.05, ge=0, le=0.5, description="Move sideways by up to this share, 0 to 0.5.")
    height_shift: float = Field(0.05, ge=0, le=0.5, description="Move up or down by up to this share, 0 to 0.5.")
    brightness: tuple[float, float] = Field((0.9, 1.1), description="Factor of the pixel values, 0 to 2.")
    horizontal_flip: bool = Field(True, description="Mirror left and right.")
    vertical_flip: bool = Field(True, description="Mirror top and bottom.")
    shear: float = Field(0.0, ge=0, le=60, description="Slant by up to so many degrees either way, 0 to 60.")
    zoom: tuple[float, float] = Field((0.9, 1.1), description="Scale of the view, 0.2 to 5; below 1 enlarges.")
    quarter_turns: bool = Field(True, description="Turn by 0, 90, 180 or 270 degrees.")

    @field_validator("zoom", "brightness")
    @classmethod
    def _interval(cls, value: tuple[float, float], info: Any) -> tuple[float, float]:
        least, most = (0.2, 5.0) if info.field_name == "zoom" else (0.0, 2.0)
        if not least <= value[0] <= value[1] <= most:
            raise ValueError(f"must be [low, high] within {least:g} to {most:g}, got {list(value)}")
        return value


class Model(Section):
    """One backbone to train. A bare name in `models` stands for its defaults."""

    name: str = Field(description="compact, simple_cnn, or a keras.applications backbone.")
    recipe: Literal["smearflow", "lecture"] = Field(
        "smearflow",
        description="`smearflow`: cut where it serves best, frozen work done once. `lecture`: Flatten head on the last "
        "layer, Keras fit through the whole network, under the settings of `lecture`.",
    )
    cut: Literal["auto", "last"] | tuple[str, ...] | None = Field(
        None,
        description="Layers whose pooled output is the feature, the last of them the freeze boundary; `last`: the last "
        "layer; `auto`: compared on training patients.",
    )
    input_size: Annotated[int, Field(ge=32, le=1024)] | Literal["auto"] | None = Field(
        None, description="Side of the input, pixels, 32 to 1024; `auto`: compared on training patients."
    )
    trainable: Annotated[int, Field(ge=1)] | Literal["head", "all"] = Field(
        "head",
        description="What is fitted: `head` on frozen layers, the last N layers up to the cut too, 1 or more; `all`.",
    )
    views: int = Field(
        1,
        ge=1,
        le=8,
        description="How often a training image is seen by frozen layers, 1 to 8: once as it is, else changed as "
        "`augment` says.",
    )
    weights: str | None = Field(None, description="imagenet, random, or a path to a weights file.")
    fallback: Literal["random"] | None = Field(
        None, description="What to train on where the weights can't be had: random makes it a control."
    )
    epochs: int | None = Field(None, ge=1, le=1000, description="Passes over the training set, 1 to 1000.")

    @field_validator("cut", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) and value not in ("auto", "last") else value


class Train(Section):
    """How networks and heads are fitted, and what a trainer may use."""

    epochs: int | None = Field(
        None, ge=1, le=1000, description="Passes over the training set, 1 to 1000; default: 10, more for few images."
    )
    batch_size: int = Field(32, ge=1, le=4096, description="Images a step, 1 to 4096.")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="Of AdamW at the start, above 0 to 1.")
    schedule: Literal["cosine", "constant"] = Field(
        "cosine", description="Learning rates, the head's too: `cosine` falls to 0 over the epochs, `constant` stays."
    )
    loss: Literal["binary_crossentropy", "binary_focal_crossentropy", "generalised_crossentropy"] = Field(
        "binary_crossentropy",
        description="What is minimised, of heads too. Focal (exponent 2) counts what is easy less; its probabilities "
        "keep nearer to 0.5. Generalised (exponent 0.7) counts what contradicts the network less, as a wrong label "
        "does.",
    )
    class_weights: Literal["none", "balanced"] = Field(
        "none", description="`balanced`: both classes weigh the same in the loss, however many images each has."
    )
    patience: int | None = Field(
        None,
        ge=1,
        le=1000,
        description="Epochs without a lower validation loss after which training stops, 1 to 1000; the best epoch's "
        "weights are kept. Default: all epochs are made, and the last one's kept.",
    )
    initializer: Initializer = Field(
        "glorot_uniform", description="How weights of networks trained whole are drawn (keras.initializers)."
    )
    label_smoothing: float = Field(
        0.03, ge=0, lt=0.5, description="Towards 0.5, 0 to below 0.5: labels are not all right."
    )
    seed: int = Field(1337, ge=0, description="Seed of weights, order and augmentation, 0 or more.")
    bfloat16: bool = Field(
        False,
        description="Let frozen layers run in bfloat16 where the processor has it: faster, and used only where "
        "probabilities stay within 0.02.",
    )
    mixed_precision: bool = Field(
        True,
        description="Let networks that are trained whole compute in bfloat16, or float16 on older GPUs, where the "
        "hardware multiplies those faster; weights, and what is saved, stay float32.",
    )
    time_limit: int = Field(
        3600, ge=10, description="Seconds after which a trainer is ended, 10 or more.", json_schema_extra=UNKEYED
    )
    parallel: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Trainers at once, 1 to 64; default: GPUs, else CPU cores.",
        json_schema_extra=UNKEYED,
    )


class Lecture(Section):
    """How models with `recipe: lecture` are trained: the lecture's notebook, step by step."""

    epochs_scale: float = Field(
        1.0, gt=0, le=10, description="Factor of the lecture's epochs (30, 10, 30), above 0 to 10; below 1 shortens."
    )
    initializer: Initializer = Field("glorot_uniform", description="How new weights are drawn (keras.initializers).")
    loss: Literal["binary_crossentropy", "binary_focal_crossentropy", "mean_squared_error"] = Field(
        "binary_crossentropy", description="What is minimised, of the probability (keras.losses)."
    )
    optimizer: Literal["adam", "adamw", "nadam", "rmsprop", "sgd"] = Field(
        "adam", description="How it is minimised (keras.optimizers)."
    )
    learning_rate: float = Field(1e-4, gt=0, le=1, description="Of the optimiser, above 0 to 1; constant.")
    batch_size: int = Field(32, ge=1, le=4096, description="Images a step, 1 to 4096.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Share dropped after each dropout layer, 0 to below 1.")
