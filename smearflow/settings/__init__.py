"""One model of settings: YAML, --set, Prefect's form and the registry's record are this object."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from smearflow.settings.data import Archive, Data, Demo, Duplicates, Quality, Split
from smearflow.settings.labels import Labels
from smearflow.settings.section import UNKEYED, Name, Section
from smearflow.settings.service import Keep, Live, Notify, QualityCheck
from smearflow.settings.training import Augment, Lecture, Model, Train
from smearflow.settings.verdict import Evaluation, Gate, Registry, Report

__all__ = [
    "Archive", "Augment", "Data", "Demo", "Duplicates", "Evaluation", "Gate", "Keep", "Labels", "Lecture", "Live",
    "Model", "Notify", "Quality", "QualityCheck", "Registry", "Report", "Section", "Settings", "Split", "Train",
]  # fmt: skip


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
    keep: Keep = Field(Keep(), description="What is kept of earlier runs.", json_schema_extra=UNKEYED)
    workers: Literal["local", "pool", "ray"] = Field(
        "local",
        description="Who trains the backbones: `local`, processes of this machine; `pool`, the workers of the Prefect "
        "work pool `live.pool`, here and on other machines, which share the workspace; `ray`, a Ray cluster, which "
        "scans and computes features too, started here unless RAY_ADDRESS names one (`make ray`).",
        json_schema_extra=UNKEYED,
    )
    ensembles: tuple[Annotated[tuple[Name, ...], Field(min_length=2)], ...] = Field(
        (),
        description="Models of one input_size whose mean logit is a model of its own: [[compact, MobileNetV2]].",
    )
    labels: Labels = Field(Labels(), description="What is done about labels that are likely wrong.")

    @field_validator("models", mode="before")
    @classmethod
    def _names_are_models(cls, value: Any) -> Any:
        if isinstance(value, str):
            value = [value]
        if isinstance(value, list | tuple):
            return [{"name": entry} if isinstance(entry, str) else entry for entry in value]
        return value
