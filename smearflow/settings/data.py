"""Settings of the data: which images, what they must be, and how they are divided."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from smearflow.settings.section import UNKEYED, Name, Section, Share


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

    near: Literal["together", "drop", "off"] = Field(
        "together",
        description="In one class: `together` keeps them in one set, `drop` uses only the largest image. `off`: images "
        "aren't compared; exact copies are found all the same.",
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
