"""Settings of labels: what is done about those that are likely wrong."""

from typing import Annotated, Literal

from pydantic import Field

from smearflow.settings.section import UNKEYED, Section


class Labels(Section):
    """What is done about labels that are likely wrong. Only training images are ever left out for it."""

    robust: Literal["none", "auto", "smoothing", "generalised_ce", "drop_suspects", "reweight"] = Field(
        "none",
        description="How networks of which more than a head is trained learn in spite of wrong labels. "
        "`drop_suspects`: without the images whose labels are contradicted most by models that never saw their "
        "patients (heads on this run's frozen backbones, else short trainings on half of the patients each); "
        "`reweight`: each image weighs as much as those models agree with its label; `smoothing`: labels further "
        "towards 0.5; `generalised_ce`: a loss that minds contradiction less; `auto`: these compared by ten short "
        "trainings on half of the training patients each, about twice the training itself, and the best taken where it "
        "is surely better than none. The lecture's recipe knows `drop_suspects` alone; linear heads need none.",
    )
    suspects: Annotated[float, Field(gt=0, le=0.2)] = Field(
        0.05, description="Share of the training images that `drop_suspects` leaves out, above 0 to 0.2."
    )
    scores: Literal["fast", "full"] = Field(
        "fast",
        description="Who says how likely each label is wrong: `fast`, heads on what frozen layers say of the images, "
        "which a run has at hand; `full`, networks trained on other patients too, as `smearflow review` does.",
    )
    blind: Annotated[float, Field(ge=0, le=0.5)] = Field(
        0.1,
        description="Share of random cells among those that `smearflow review` shows, 0 to 0.5: they tell how many "
        "labels are wrong in all.",
        json_schema_extra=UNKEYED,
    )
    readers: Annotated[int, Field(ge=1, le=2)] = Field(
        1,
        description="How many people are shown each cell of the queue, 1 or 2; where two disagree, a third decides.",
        json_schema_extra=UNKEYED,
    )
