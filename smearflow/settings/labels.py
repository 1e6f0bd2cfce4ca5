"""Settings of labels: what is done about those that are likely wrong."""

from typing import Annotated, Literal

from pydantic import Field

from smearflow.settings.section import Section


class Labels(Section):
    """What is done about labels that are likely wrong. Only training images are ever left out for it."""

    robust: Literal["none", "drop_suspects"] = Field(
        "none",
        description="`drop_suspects`: networks of which more than a head is trained do without the images whose labels "
        "are contradicted most by models that never saw their patients: heads on this run's frozen backbones, else "
        "short trainings on half of the patients each.",
    )
    suspects: Annotated[float, Field(gt=0, le=0.2)] = Field(
        0.05, description="Share of the training images that are left out so, above 0 to 0.2."
    )
