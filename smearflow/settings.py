"""One model of settings: YAML, --set, Prefect's form and the registry's record are this object."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

UNKEYED: dict[str, Any] = {"keyed": False}  # changes how a result is reached, not the result: no part of a cache key
Share = Annotated[float, Field(ge=0, le=1)]
Name = Annotated[str, Field(min_length=1)]


class Section(BaseModel):
    """A part of the settings: frozen, and closed to keys that it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def keyed(self) -> dict[str, Any]:
        """The values that a result depends on, for a cache key."""
        fields = type(self).model_fields.items()
        return self.model_dump(mode="json", exclude={name for name, f in fields if f.json_schema_extra == UNKEYED})


class Demo(Section):
    """The synthetic smear that `source: demo` draws."""

    images: int = Field(1600, ge=60, le=200_000, description="Cells to draw, 60 to 200,000.")
    patients: int = Field(48, ge=6, le=2_000, description="Patients that they come from, 6 to 2,000.")
    seed: int = Field(1337, ge=0, description="Seed of every draw, 0 or more.")
    faults: bool = Field(False, description="Plant one of each fault of the vocabulary among them.")


class Archive(Section):
    """What an archive may unpack to: one over a limit is refused before anything is written."""

    max_gb: float = Field(20.0, gt=0, description="Greatest size of all members together, GB (1e9 bytes), above 0.")
    max_files: int = Field(1_000_000, ge=1, description="Greatest number of members, 1 or more.")
    max_ratio: float = Field(200.0, ge=1, description="Greatest size of all members over that of the zip, 1 or more.")


class Data(Section):
    """Which images, and what is known of them."""

    source: Name | tuple[Name, ...] = Field(
        "demo",
        description="Folder of class folders, a zip of them, an https address of a zip, `nlm` (the public malaria "
        "cells, 337 MB) or `demo` (drawn); or a list of these.",
    )
    sha256: str | None = Field(
        None, pattern=r"^[0-9a-fA-F]{64}$", description="SHA-256 that the zip must have, 64 hexadecimal digits."
    )
    archive: Archive = Field(Archive(), description="What an archive may unpack to.")
    classes: tuple[str, str] = Field(
        ("Parasitized", "Uninfected"), description="The two class folders. A third class isn't supported yet."
    )
    positive: str = Field("Parasitized", description="The class whose miss is dangerous; one of `classes`.")
    group_pattern: str = Field(
        r"^(C\d+)", description="Regular expression on the file name; its first bracket is the patient."
    )
    group: Literal["pattern", "image"] = Field(
        "pattern", description="`pattern`: group by group_pattern. `image`: every image stands for itself."
    )
    demo: Demo = Field(Demo(), description="What `source: demo` draws.")

    @field_validator("source")
    @classmethod
    def _some(cls, value: str | tuple[str, ...]) -> str | tuple[str, ...]:
        if not value:
            raise ValueError("name at least one source")
        return value

    @field_validator("classes", mode="before")
    @classmethod
    def _two_classes(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and len(value) != 2:
            raise ValueError(
                f"smearflow tells two classes apart, and got {len(value)}: "
                "name the positive one and the other, or merge the rest into one folder"
            )
        return value

    @field_validator("group_pattern")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            groups = re.compile(value).groups
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from None
        if groups < 1:
            raise ValueError("it needs a bracket around the patient, as in ^(C\\d+)")
        return value

    @model_validator(mode="after")
    def _positive_is_a_class(self) -> Self:
        if len(set(self.classes)) != 2:
            raise ValueError(f"classes must differ, got {list(self.classes)}")
        if self.positive not in self.classes:
            raise ValueError(f"positive must be one of classes {list(self.classes)}, got {self.positive!r}")
        return self

    @model_validator(mode="after")
    def _one_zip_for_one_digest(self) -> Self:
        if self.sha256 and len(self.sources) != 1:
            raise ValueError(f"sha256 is that of one zip, but source lists {len(self.sources)}")
        return self

    @property
    def negative(self) -> str:
        return next(c for c in self.classes if c != self.positive)

    @property
    def sources(self) -> tuple[str, ...]:
        """Every source, also where there is one."""
        return (self.source,) if isinstance(self.source, str) else self.source

    @property
    def title(self) -> str:
        """The sources on one line, for names of runs."""
        return ", ".join(self.sources)


class Quality(Section):
    """What an image, a class and the whole set must be. Bounds of the scan and of the expectations."""

    min_side: int = Field(24, ge=1, description="Least width and height, pixels, 1 or more.")
    max_side: int = Field(512, ge=1, description="Greatest width and height, pixels, 1 or more.")
    max_pixels: int = Field(
        50_000_000, ge=1, description="An image with more pixels, 1 or more, is a bomb: not decoded."
    )
    blank_contrast: float = Field(2.0, ge=0, description="Blank: contrast below this, grey values, 0 or more.")
    blank_foreground: Share = Field(0.05, description="Blank: less foreground than this, 0 to 1.")
    overexposed_glare: Share = Field(0.25, description="Overexposed: more of the cell near white than this, 0 to 1.")
    blurred_sharpness: float = Field(0.3, ge=0, description="Blurred: sharpness below this, 0 or more.")
    max_quarantined: Share = Field(0.05, description="Critical: a greater share of files left out, 0 to 1.")
    max_class_quarantined: Share | None = Field(
        None, description="Critical: a greater share of a class's files left out, 0 to 1; default: max_quarantined."
    )
    minority_critical: Share = Field(0.20, description="Critical: smaller class below this share, 0 to 1.")
    minority_warning: Share = Field(0.40, description="Warning: smaller class below this share, 0 to 1.")
    min_class_images: int = Field(50, ge=1, description="Critical: fewer images in a class, 1 or more.")
    min_class_groups: int = Field(5, ge=1, description="Critical: fewer groups (patients) with a class, 1 or more.")
    warn_class_groups: int = Field(20, ge=1, description="Warning: fewer groups (patients) with a class, 1 or more.")
    suites: tuple[Annotated[str, Field(pattern=r"^[\w.]+:\w+$")], ...] = Field(
        (),
        description="Functions `module:function` that give rules of your own besides ours: docs/contract.md.",
        json_schema_extra=UNKEYED,  # what they say enters the key of the stage that asks them
    )

    @property
    def class_budget(self) -> float:
        """Share of a class's files, 0-1, that may be left out for their content."""
        return self.max_quarantined if self.max_class_quarantined is None else self.max_class_quarantined

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min_side > self.max_side:
            raise ValueError(f"min_side {self.min_side} is above max_side {self.max_side}")
        if self.minority_critical > self.minority_warning:
            raise ValueError(
                f"minority_critical {self.minority_critical} is above minority_warning {self.minority_warning}"
            )
        return self


class Duplicates(Section):
    """Near-duplicates: images that were turned, mirrored, resized, encoded anew, made brighter or darker."""

    near: Literal["together", "drop"] = Field(
        "together", description="In one class: `together` keeps them in one set, `drop` uses only the largest image."
    )
    likeness: float = Field(
        0.93,
        ge=0.8,
        le=1,
        description="Least correlation of near-duplicates, 0.8 to 1. Copies keep 0.93, other cells stay below 0.91.",
    )


class Split(Section):
    """How images are divided into training, validation and test set."""

    by: Literal["group", "image"] = Field("group", description="`group`: no patient in two sets. `image`: leaks.")
    ratio: tuple[float, float, float] = Field(
        (0.6, 0.2, 0.2), description="Shares of train, validation and test: above 0, adding up to 1."
    )
    seed: int = Field(1337, ge=0, description="Seed of the draw, 0 or more.")
    folders: bool = Field(
        False, description="Also lay the sets out as train/val/test folders of links, for notebooks that read folders."
    )
    leakage_report: bool = Field(
        False,
        description="Also train the fastest model on a random split, to show what leakage would have feigned.",
        json_schema_extra=UNKEYED,
    )

    @field_validator("ratio")
    @classmethod
    def _adds_up(cls, value: tuple[float, float, float]) -> tuple[float, float, float]:
        if min(value) <= 0 or abs(sum(value) - 1) > 1e-6:
            parts = " + ".join(f"{v:g}" for v in value)
            raise ValueError(f"must be above 0 and add up to 1.0, got {parts} = {sum(value):g}")
        return value

    @model_validator(mode="after")
    def _has_something_to_compare(self) -> Self:
        if self.leakage_report and self.by == "image":
            raise ValueError("leakage_report compares a random split with one by group: it needs by: group")
        return self


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
    cut: tuple[str, ...] | None = Field(
        None, description="Layers whose pooled output is the feature; the last is the freeze boundary."
    )
    input_size: int | None = Field(None, ge=32, le=1024, description="Side of the input, pixels, 32 to 1024.")
    weights: str | None = Field(None, description="imagenet, random, or a path to a weights file.")
    fallback: Literal["random"] | None = Field(
        None, description="What to train on where the weights can't be had: random makes it a control."
    )
    epochs: int | None = Field(None, ge=1, le=1000, description="Passes over the training set, 1 to 1000.")

    @field_validator("cut", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        return (value,) if isinstance(value, str) else value


class Train(Section):
    """How the networks that are trained whole are fitted, and what a trainer may use."""

    epochs: int | None = Field(
        None, ge=1, le=1000, description="Passes over the training set, 1 to 1000; default: 10, more for few images."
    )
    batch_size: int = Field(32, ge=1, le=4096, description="Images a step, 1 to 4096.")
    learning_rate: float = Field(2e-3, gt=0, le=1, description="Of AdamW at the start, above 0 to 1; falls to 0.")
    label_smoothing: float = Field(
        0.03, ge=0, lt=0.5, description="Towards 0.5, 0 to below 0.5: labels are not all right."
    )
    seed: int = Field(1337, ge=0, description="Seed of weights, order and augmentation, 0 or more.")
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
    initializer: Literal["glorot_uniform", "glorot_normal", "he_uniform", "he_normal", "lecun_normal"] = Field(
        "glorot_uniform", description="How new weights are drawn (keras.initializers)."
    )
    loss: Literal["binary_crossentropy", "binary_focal_crossentropy", "mean_squared_error"] = Field(
        "binary_crossentropy", description="What is minimised, of the probability (keras.losses)."
    )
    optimizer: Literal["adam", "adamw", "nadam", "rmsprop", "sgd"] = Field(
        "adam", description="How it is minimised (keras.optimizers)."
    )
    learning_rate: float = Field(1e-4, gt=0, le=1, description="Of the optimiser, above 0 to 1; constant.")
    batch_size: int = Field(32, ge=1, le=4096, description="Images a step, 1 to 4096.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Share dropped after each dropout layer, 0 to below 1.")


class Evaluation(Section):
    """How the models are measured."""

    min_sensitivity: Share = Field(0.90, description="What an operating threshold must keep on validation, 0 to 1.")
    min_positives: int = Field(100, ge=1, description="With fewer positives, 1 or more, the threshold is 0.5.")
    bootstrap: int = Field(1000, ge=100, le=100_000, description="Resamples of patients an interval, 100 to 100,000.")
    mistakes: int = Field(16, ge=0, le=200, description="Most confident mistakes shown as pictures, 0 to 200.")


class Gate(Section):
    """What a candidate must reach to become champion. A floor is missed when the interval lies below it."""

    sensitivity: Share = Field(0.85, description="Floor of sensitivity, 0 to 1.")
    specificity: Share = Field(0.80, description="Floor of specificity, 0 to 1.")
    accuracy: Share = Field(0.85, description="Floor of accuracy, 0 to 1.")
    auc: Share = Field(0.90, description="Floor of the area under the ROC curve, 0 to 1.")
    tolerance: Share = Field(
        0.005, description="How far the candidate may fall below the champion on the same images, 0 to 1."
    )


class Registry(Section):
    """Where models are registered."""

    uri: str | None = Field(None, description="MLflow tracking address; default: mlflow.db in the workspace.")
    name: str = Field("malaria-cells", pattern=r"^[\w.-]+$", description="Registered name: letters, digits, . _ -")


class Report(Section):
    """What the report shows."""

    pseudonyms: bool = Field(True, description="Replace patients and file names by pseudonyms.")
    sheet: int = Field(24, ge=0, le=200, description="Cells a class on the contact sheets, 0 to 200.")


class QualityCheck(Section):
    """How new cells are held against what the champion was trained on."""

    drop: str | None = Field(None, description="Folder that new batches are put into; default: drop in the workspace.")
    archive: str | None = Field(
        None, description="Folder that handled batches are moved to; default: archive in the workspace."
    )
    settle: float = Field(
        10.0, ge=0, description="Seconds for which a file must not have changed to be taken, 0 or more."
    )
    min_patients: int = Field(5, ge=2, description="With fewer patients a batch isn't compared, 2 or more.")
    resamples: int = Field(2000, ge=200, le=100_000, description="Batches of unseen patients drawn, 200 to 100,000.")
    warning: float = Field(0.05, gt=0, lt=1, description="Share of good batches that may be called a warning, 0 to 1.")
    alarm: float = Field(0.002, gt=0, lt=1, description="Share of good batches that may be called an alarm, 0 to 1.")

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.alarm > self.warning:
            raise ValueError(f"alarm {self.alarm:g} is above warning {self.warning:g}: alarms must be the rarer ones")
        return self


class Live(Section):
    """Where scheduled runs take place."""

    pool: str = Field("local", pattern=r"^[\w.-]+$", description="Name of the Prefect work pool, of type process.")


class Notify(Section):
    """Who is told."""

    webhook: str | None = Field(
        None,
        pattern=r"^(https?://|env:\w+$)",
        description="Address that gets a POST of JSON on a failed run, an alarm or a promotion; env:NAME where it is "
        "secret and in the environment variable NAME.",
    )


class Settings(Section):
    """Everything that a run can be told."""

    data: Data = Field(Data(), description="Which images, and what is known of them.")
    quality: Quality = Field(Quality(), description="What an image, a class and the whole set must be.")
    split: Split = Field(Split(), description="How images are divided.")
    augment: Augment = Field(Augment(), description="Random changes to training images.")
    models: tuple[Model, ...] = Field(
        (Model(name="compact"), Model(name="MobileNetV2")), min_length=1, description="Backbones to train."
    )
    weights: str | None = Field(None, description="imagenet, random or a path, for every backbone.")
    train: Train = Field(Train(), description="How networks are fitted.")
    lecture: Lecture = Field(Lecture(), description="How models with `recipe: lecture` are trained.")
    evaluation: Evaluation = Field(Evaluation(), description="How models are measured.")
    gate: Gate = Field(Gate(), description="What a candidate must reach.")
    registry: Registry = Field(Registry(), description="Where models are registered.")
    report: Report = Field(Report(), description="What the report shows.")
    quality_check: QualityCheck = Field(QualityCheck(), description="How new cells are judged.")
    live: Live = Field(Live(), description="Where scheduled runs take place.")
    notify: Notify = Field(Notify(), description="Who is told.")
    duplicates: Duplicates = Field(Duplicates(), description="What images that show the same cell are taken for.")

    @field_validator("models", mode="before")
    @classmethod
    def _names_are_models(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list | tuple):
            return [{"name": entry} if isinstance(entry, str) else entry for entry in value]
        return value
