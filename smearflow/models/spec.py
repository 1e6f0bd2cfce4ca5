"""What a trainer is told, and what it hands back: the JSON that passes between the flow and its processes."""

from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator

from smearflow.settings import Augment, Lecture, Model, Train


class Message(BaseModel):
    """JSON between two of our processes: frozen, and closed to keys that it doesn't know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class TrainSpec(Message):
    """One backbone to train. ``model`` is resolved: input_size and weights are set."""

    parts: Path = Field(description="split.parquet: path, sha256, label, group, split of every image.")
    root: Path = Field(description="Folder that the paths in `parts` are below.")
    classes: tuple[str, str]
    positive: str
    model: Model
    weights_file: Path | None = Field(description="Weights of the frozen layers; null: random.")
    augment: Augment
    train: Train
    lecture: Lecture | None = Field(None, description="How it is fitted, where its recipe is the lecture's.")
    out: Path = Field(description="Folder that the trainer fills.")
    checkpoints: Path | None = Field(
        None, description="Folder of what each epoch reached, which outlives the trainer; null: it needn't."
    )
    cores: tuple[int, ...] = Field((), description="CPU cores that it keeps to; none: to no particular ones.")
    threads: int = Field(ge=1, description="CPU threads that this trainer may use.")
    engines: Path | None = Field(None, description="Folder of what is known of engines; null: below `out`.")
    features: Path | None = Field(None, description="Folder of the feature caches; null: below `out`.")

    @field_validator("model")
    @classmethod
    def _resolved(cls, value: Model) -> Model:
        if value.input_size is None or value.weights is None:
            raise ValueError(f"{value.name} isn't resolved: see smearflow.models.backbones.resolve")
        return value

    @property
    def input_size(self) -> int:
        """Side of the input, pixels. Not to be asked for while it is ``auto``."""
        return cast(int, self.model.input_size)

    @property
    def is_open(self) -> bool:
        """Whether its cut or its size is still to be chosen."""
        return self.model.cut == "auto" or self.model.input_size == "auto"

    @property
    def checkpoints_folder(self) -> Path:
        """Where checkpoints lie; below ``out`` where they needn't outlive the trainer."""
        return self.checkpoints or self.out / "checkpoints"


class Seconds(Message):
    """Where a trainer's time went, seconds."""

    # Serialised as `import` and `compile`: the words of the public summary.
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, serialize_by_alias=True)

    importing: float = Field(alias="import", description="Importing TensorFlow and Keras.")
    compiling: float = Field(alias="compile", description="Building the network and its fastest form.")
    features: float = Field(description="Decoding, and for a frozen backbone the feature cache.")
    fit: float = Field(description="Fitting, and scoring every image once.")


class ComparedCut(Message):
    """A cut of a frozen backbone at one input size, as it was compared with others on training patients."""

    cut: str = Field(description="Layers of the freeze boundary, joined by +.")
    input_size: int = Field(description="Side of the input, pixels.")
    accuracy: float = Field(description="Of linear heads on patients they never saw, 0-1, at 0.5.")
    error: float = Field(description="Standard error of the accuracy, over patients.")
    rate: float = Field(description="Images a second through the frozen part, as tf.function runs it.")
    params: int = Field(description="Parameters of the frozen part.")
    mib: float = Field(description="MiB of those.")
    chosen: bool


class Trained(Message):
    """A trained model and what it took. ``folder`` holds bundle/, predictions.parquet and curves.json."""

    name: str
    folder: Path
    params: int = Field(description="Parameters of the network as saved.")
    trainable: int = Field(description="Those that were fitted.")
    input_size: int = Field(description="Side of the input, pixels.")
    cut: str | None = Field(description="Layers of the freeze boundary, joined by +; null where trained whole.")
    weights: str = Field(description="Where the frozen layers' weights came from: imagenet, random or a path.")
    control: bool = Field(description="Frozen layers with random weights: a control to compare with, no candidate.")
    engine: str | None = Field(None, description="What ran the frozen layers; null where there are none.")
    epochs: int = Field(description="Passes over the training set that were made.")
    seconds: Seconds
    size_mb: float = Field(description="MiB of bundle/model.keras.")
    saved_mb: float | None = Field(
        None, description="MiB of the network saved as it was compiled, its optimiser's state too; lecture's recipe."
    )
    weights_digest: str = Field(description="SHA-256 over all weight arrays in order, 64 hexadecimal digits.")
    precision: str = Field("float32", description="Keras policy that it was fitted in; what is saved is float32.")
    note: str | None = Field(None, description="What a person should know of how it was trained; mostly nothing.")
    cuts: tuple[ComparedCut, ...] = Field((), description="What was compared where cut or input_size was auto.")
    train_seconds: float = Field(0.0, description="From spawning the trainer to its exit.")


class EnsembleSpec(Message):
    """Trained models to combine into one, in a process of its own."""

    name: str
    members: tuple[Trained, ...] = Field(min_length=2, description="All of one input size.")
    parts: Path = Field(description="split.parquet: path, sha256, label, group, split of every image.")
    root: Path = Field(description="Folder that the paths in `parts` are below.")
    classes: tuple[str, str]
    positive: str
    out: Path = Field(description="Folder to fill as a trainer does.")
    threads: int = Field(ge=1)

    @property
    def input_size(self) -> int:
        """Side of the input, pixels."""
        return self.members[0].input_size


class DoubtSpec(Message):
    """Labels to judge by frozen backbones that never saw their patients, in a process of its own."""

    judges: tuple[TrainSpec, ...] = Field(min_length=1, description="Backbones to judge by, all on the same images.")
    suspects: float = Field(description="Share of the training images whose labels are to be doubted.")
    decided: tuple[str, ...] = Field((), description="SHA-256 of images whose labels people decided: never doubted.")
    out: Path = Field(description="Folder to fill: doubts.parquet.")
    threads: int = Field(ge=1)


class WaysSpec(Message):
    """Ways to learn in spite of wrong labels, to compare on training patients, in a process of its own."""

    network: TrainSpec = Field(description="What is trained by each way: a network that is trained whole.")
    judged: Path = Field(description="doubts.parquet of its training images.")
    out: Path = Field(description="Folder to fill: result.json.")


class ComparedWay(Message):
    """A way to learn in spite of wrong labels, as it did on training patients that its networks never saw."""

    way: str = Field(description="As in `labels.robust`.")
    accuracy: float = Field(description="On the images that count, 0-1, at 0.5.")
    gain: float = Field(description="Accuracy more than `none` has there.")
    low: float = Field(description="95 % interval of the gain, by patient.")
    high: float
    chosen: bool


class ComparedWays(Message):
    """What came of a comparison. ``images``: how many counted, of ``judged``."""

    ways: tuple[ComparedWay, ...]
    images: int
    judged: int


class LabelSpec(Message):
    """All labels to judge by models that never saw their patients, in a process of its own."""

    rows: Path = Field(description="Parquet of the manifest's rows to judge; those without a reason are learnt from.")
    positive: str
    seed: int = Field(description="Of the folds.")
    frozen: dict[str, TrainSpec] = Field(description="Backbones on whose features heads judge, by name.")
    whole: dict[str, TrainSpec] = Field(description="Networks that judge, each taught by half of the patients.")
    divisions: int = Field(1, ge=1, description="How often patients are divided into halves for those, each anew.")
    out: Path = Field(description="Folder to fill: judges.parquet.")
    threads: int = Field(ge=1)


class ExamineSpec(Message):
    """A candidate to make ready to serve and to look at, in a process of its own."""

    bundle: Path = Field(description="What its trainer left.")
    predictions: Path = Field(
        description="Parquet of every image: path, sha256, label, group, split, probability (calibrated)."
    )
    root: Path = Field(description="Folder that the paths in `predictions` are below.")
    threshold: float = Field(description="Of the calibrated probability, 0-1.")
    calibration: dict[str, Any] | None = Field(description="What model.json is to say of it; null: none.")
    unsure: tuple[float, float] | None = Field(description="Calibrated probabilities, from and below; null: none.")
    novelty: float = Field(ge=0, le=1, description="Share of validation images that may count as strangers.")
    heatmaps: int = Field(ge=0, description="Heat maps to draw of hits, misses and false alarms each.")
    mistakes: int = Field(ge=0, description="The surest mistakes, whose heat maps are drawn in any case.")
    out: Path = Field(description="Folder to fill: bundle/, heatmaps.parquet and its pictures, result.json.")
    threads: int = Field(ge=1)


class Ready(Message):
    """What was measured of a bundle as it will serve."""

    size_mb: float = Field(description="MiB of its model.keras.")
    latency_ms: float = Field(description="Median ms an image, one at a time: decoding, network, decision.")
    parity: float = Field(description="Largest difference from a probability that was measured, on test images.")
    novelty: dict[str, float] = Field(
        description="Share called out of distribution of test images (`test`) and of each kind of stranger, 0-1."
    )


class ScoreSpec(Message):
    """Images to score with a bundle, in a process of its own."""

    bundle: Path
    parts: Path = Field(description="split.parquet: path, sha256, label, group, split of every image.")
    root: Path = Field(description="Folder that the paths in `parts` are below.")
    split: str = Field(description="Which set to score: train, val or test.")
    out: Path = Field(description="The Parquet file to write.")
    threads: int = Field(ge=1)


class ExportSpec(Message):
    """A bundle to convert for other machines, and to measure there as here, in a process of its own."""

    bundle: Path
    formats: tuple[str, ...] = Field(min_length=1, description="Names in smearflow/models/export_formats.py.")
    parts: Path = Field(description="split.parquet: path, sha256, label, group, split of every image.")
    root: Path = Field(description="Folder that the paths in `parts` are below.")
    out: Path = Field(description="Folder that the converted files go to.")
    found: Path = Field(description="Folder that predictions.parquet and measured.json go to.")
    threads: int = Field(ge=1, description="CPU threads to score on; timed is on one, and on two.")


class MeasuredExport(Message):
    """What became of one format of an export."""

    name: str
    files: tuple[str, ...] = ()
    size: int | None = Field(None, description="Bytes of the files.")
    ms_one: float | None = Field(None, description="Median ms an image on one CPU thread, one image at a time.")
    ms_two: float | None = Field(None, description="The same on two.")
    note: str | None = Field(None, description="What a person should know of the file; mostly nothing.")
    error: str | None = Field(None, description="Why there is none.")


class Measured(Message):
    """What an export's process measured: each format, and the bundle itself on ``threads`` threads."""

    formats: tuple[MeasuredExport, ...]
    keras_ms: float = Field(description="Median ms an image of the bundle as it serves here, one image at a time.")
    threads: int


class SheetSpec(Message):
    """Augmentation to show, in a process of its own: what training sees, and each operator by itself."""

    parts: Path = Field(description="split.parquet: path, sha256, label, group, split of every image.")
    root: Path = Field(description="Folder that the paths in `parts` are below.")
    augment: Augment
    seed: int
    images: int = Field(6, ge=2, description="Cells to show, half of them of each class.")
    copies: int = Field(7, ge=1, description="Changed versions of each.")
    out: Path = Field(description="Folder to fill: sheet.png, and SETTING.png an operator.")
