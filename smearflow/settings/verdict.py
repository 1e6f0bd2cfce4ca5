"""Settings of the verdict: how models are measured, what they must reach, where they are kept and shown."""

from pydantic import Field

from smearflow.settings.section import Section, Share


class Evaluation(Section):
    """How the models are measured."""

    min_sensitivity: Share = Field(0.90, description="What an operating threshold must keep on validation, 0 to 1.")
    min_positives: int = Field(100, ge=1, description="With fewer positives, 1 or more, the threshold is 0.5.")
    bootstrap: int = Field(1000, ge=100, le=100_000, description="Resamples of patients an interval, 100 to 100,000.")
    mistakes: int = Field(16, ge=0, le=200, description="Most confident mistakes shown as pictures, 0 to 200.")
    unsure: float = Field(
        0.05,
        ge=0,
        le=0.5,
        description="Share of validation cells, those nearest to the threshold, called `unsure`: 0 to 0.5.",
    )
    novelty: float = Field(
        0.01, ge=0, le=0.2, description="Share of validation cells that may be called `out_of_distribution`, 0 to 0.2."
    )
    slice_images: int = Field(30, ge=1, description="Images that a slice needs for a figure, 1 or more.")
    heatmaps: int = Field(6, ge=0, le=50, description="Heat maps shown of hits, misses and false alarms each, 0 to 50.")


class Gate(Section):
    """What a candidate must reach to become champion. A floor is missed when the interval lies below it."""

    sensitivity: Share = Field(0.85, description="Floor of sensitivity, 0 to 1.")
    specificity: Share = Field(0.80, description="Floor of specificity, 0 to 1.")
    accuracy: Share = Field(0.85, description="Floor of accuracy, 0 to 1.")
    auc: Share = Field(0.90, description="Floor of the area under the ROC curve, 0 to 1.")
    tolerance: Share = Field(
        0.01,
        description="How far a candidate may fall below the champion on the same images, 0 to 1: its whole interval "
        "must lie above, else the champion stays.",
    )
    shortcut: float | None = Field(
        0.0, ge=0, le=1, description="AUC by which it must surely beat statistics alone, 0 to 1; null: not asked."
    )
    slice: Share = Field(
        0.20, description="How far accuracy or sensitivity of a slice may surely lie below the whole, 0 to 1."
    )
    calibration: Share = Field(0.10, description="Ceiling of the expected calibration error, 0 to 1.")
    size_mb: float | None = Field(None, gt=0, description="Most MiB of the model's file, above 0; null: any.")
    latency_ms: float | None = Field(
        None, gt=0, description="Most ms an image on this machine's CPU, one at a time, above 0; null: any."
    )
    parity: float = Field(
        1e-3, gt=0, le=1, description="Most that the reloaded model may differ from the measured one, above 0 to 1."
    )
    rounds: int = Field(
        0,
        ge=0,
        le=10,
        description="Further rounds where no model reaches the floors on validation, 0 to 10.",
    )
    minutes: float = Field(30, gt=0, description="Minutes that the search of the last rounds may take, above 0.")


class Registry(Section):
    """Where models are registered."""

    uri: str | None = Field(None, description="MLflow tracking address; default: mlflow.db in the workspace.")
    name: str = Field("malaria-cells", pattern=r"^[\w.-]+$", description="Registered name: letters, digits, . _ -")


class Report(Section):
    """What the report shows."""

    pseudonyms: bool = Field(True, description="Replace patients and file names by pseudonyms.")
    sheet: int = Field(24, ge=0, le=200, description="Cells a class on the contact sheets, 0 to 200.")
