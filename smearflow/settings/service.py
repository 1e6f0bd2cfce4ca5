"""Settings of what runs by itself: checks of new cells, schedules, and who is told."""

from typing import Self

from pydantic import Field, model_validator

from smearflow.settings.section import Section


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


class Keep(Section):
    """What is kept of earlier runs."""

    runs: int | None = Field(
        None,
        ge=1,
        le=100_000,
        description="Runs to keep, the last ones, 1 to 100,000; older ones are removed after each run, with what only "
        "they are made of. Default: all. The champion, its predecessor and the ledgers always stay.",
    )


class Notify(Section):
    """Who is told."""

    webhook: str | None = Field(
        None,
        pattern=r"^(https?://|env:\w+$)",
        description="Address that gets a POST of JSON on a failed run, an alarm or a promotion; env:NAME where it is "
        "secret and in the environment variable NAME.",
    )
