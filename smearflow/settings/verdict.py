"""Settings of the verdict: how models are measured, what they must reach, where they are kept and shown."""

from pydantic import Field

from smearflow.settings.section import Section, Share


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
