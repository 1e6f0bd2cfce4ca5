"""Good enough, else back to training: judged on validation, within its time, and never at the test set's cost."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from drawn_models import left_by_trainer
from drawn_predictions import predictions

from smearflow.data.splitting import Parts, parts_of
from smearflow.errors import TrainingError
from smearflow.models.jobs import Job
from smearflow.models.plans import Plan
from smearflow.models.spec import Trained
from smearflow.settings import Model, Settings
from smearflow.workspace import Workspace, building
from tasks.rounds import back_to_training, short_on_validation
from tasks.stage import Run
from tasks.train import train_all

COMPACT = Plan("compact", Model(name="compact", epochs=5), None, None)


@dataclass
class Drawing:
    """Workers that draw what a trainer would leave: better from one training to the next, as ``skills`` say."""

    skills: list[float]
    jobs: list[Job] = field(default_factory=list)
    digest: str = "workers"

    def train(self, job: Job, on_line) -> Trained:
        self.jobs.append(job)
        skill = self.skills[len(self.jobs) - 1]
        if skill < 0:
            raise TrainingError("it came to nothing", permanent=True)
        with building(job.folder) as aside:
            model = left_by_trainer(aside / "made", job.plan.model.name, predictions(skill=skill), note="ended well")
        return model.model_copy(update={"folder": job.folder / "made"})


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    table = predictions()
    table.to_parquet(tmp_path / "split.parquet")
    return parts_of(table, tmp_path / "split.parquet", tmp_path)


def rounds(tmp_path: Path, parts: Parts, workers: Drawing, **gate: float) -> tuple[dict[str, Trained], Run]:
    """Trains once, then goes back to it as the settings say, within a flow."""
    from prefect import flow

    settings = Settings.model_validate({"gate": gate, "evaluation": {"bootstrap": 100}})
    run = Run("run", settings, Workspace.at(tmp_path / "workspace"), "a-run")

    def trained() -> dict[str, Trained]:
        first = train_all(run, [COMPACT], {"compact": parts}, settings, workers)
        return back_to_training(run, [COMPACT], first, {"compact": parts}, settings, workers)

    return flow(name="test")(trained)(), run


def test_by_default_there_is_one_training(prefect_server, tmp_path, parts):
    assert list(rounds(tmp_path, parts, Drawing([0.1]))[0]) == ["compact"]


def test_what_is_good_enough_on_validation_is_not_trained_again(prefect_server, tmp_path, parts):
    assert list(rounds(tmp_path, parts, Drawing([3.0]), rounds=3)[0]) == ["compact"]


def test_it_goes_on_until_one_is_good_enough_and_says_what_it_tried(prefect_server, tmp_path, parts, capsys):
    workers = Drawing([0.1, 0.2, 3.0, 3.0])
    models, run = rounds(tmp_path, parts, workers, rounds=5)
    assert list(models) == ["compact", "compact round 2", "compact round 3"]
    assert [job.plan.model.epochs for job in workers.jobs][:2] == [5, 10]
    assert workers.jobs[2].how.learning_rate != workers.jobs[1].how.learning_rate
    assert workers.jobs[2].how.time_limit <= 60 * run.settings.gate.minutes
    assert "round 2: 2 times the epochs" in str(models["compact round 2"].note)
    attempts = run.reached["train"]
    assert [a.plan.label for a in attempts] == list(models) and attempts[2].trained == models["compact round 3"]


def test_the_search_ends_when_its_minutes_are_spent(prefect_server, tmp_path, parts):
    workers = Drawing([0.1] * 9)
    assert len(rounds(tmp_path, parts, workers, rounds=8, minutes=0.1)[0]) == 2  # the next recipe isn't of the search


def test_a_round_that_fails_leaves_what_there_was(prefect_server, tmp_path, parts):
    models, run = rounds(tmp_path, parts, Drawing([0.1, -1.0, -1.0]), rounds=3)
    assert list(models) == ["compact"]
    assert [bool(attempt.trained) for attempt in run.reached["train"]] == [True, False]


def test_the_test_set_has_no_say(tmp_path):
    table = predictions(skill=0.1)
    perfect = table.assign(
        probability=table["probability"].where(
            table["split"] != "test", (table["label"] == "Parasitized").astype(float)
        )
    )
    model = left_by_trainer(tmp_path / "model", "compact", perfect)
    missed = short_on_validation({"compact": model}, Settings())
    assert missed is not None and missed.startswith("compact misses what is asked: ")
