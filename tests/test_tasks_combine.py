"""Combine as a stage: two real networks trained on drawn cells, and what stands in the way before and after."""

import pandas as pd
import pytest

from smearflow.data.splitting import Parts, parts_of
from smearflow.errors import SettingsError
from smearflow.models.plans import Plan
from smearflow.registry.serving import load
from smearflow.settings import Model, Settings, Train
from smearflow.workspace import Workspace, is_whole
from tests.drawn_models import trained
from tests.trained_cells import SIDE, split_of_cells

LABELS = ("compact", "compact 2")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Parts:
    """A written split of 60 drawn cells."""
    table = split_of_cells(tmp_path_factory.mktemp("cells"), images=60)
    return parts_of(pd.read_parquet(table), table, table.parent)


@pytest.fixture
def run(tmp_path):
    """A run in a workspace of its own that asks for an ensemble of two."""
    from tasks.stage import Run

    settings = Settings(train=Train(time_limit=200), ensembles=(LABELS,))
    return Run("run", settings, Workspace.at(tmp_path / "workspace"), "a-run")


def plan(label: str, **changes) -> Plan:
    facts = {"name": "compact", "input_size": SIDE, "weights": "random", "epochs": 1}
    return Plan(label, Model(**facts | changes), None, None)


def test_two_networks_become_a_third_that_serves_alone(prefect_server, run, parts: Parts) -> None:
    from prefect import flow

    from tasks.combine import with_ensembles
    from tasks.train import train_all

    def both() -> dict:
        plans = [plan(LABELS[0]), plan(LABELS[1], epochs=2)]
        models = train_all(run, plans, dict.fromkeys(LABELS, parts), run.settings)
        return with_ensembles(run, models, parts, run.settings)

    models = flow(name="test")(both)()
    together = models["compact + compact 2"]
    assert is_whole(together.folder) and together.note == "mean logit of compact, compact"
    assert together.params == 2 * models["compact"].params
    assert together.train_seconds > models["compact"].train_seconds + models["compact 2"].train_seconds
    predictions = pd.read_parquet(together.folder / "predictions.parquet")
    files = [(parts.root / path).read_bytes() for path in predictions["path"][:8]]
    served = load(together.folder / "bundle").predict(pd.DataFrame({"image": files}))
    assert served["probability"].to_numpy() == pytest.approx(predictions["probability"][:8].to_numpy(), abs=1e-4)
    assert [attempt.plan.label for attempt in run.reached["train"]] == [*LABELS, "compact + compact 2"]
    assert run.stages[-1].name == "combine"


def test_without_one_of_its_members_there_is_none_and_the_report_says_why(run, parts: Parts) -> None:
    from tasks.combine import with_ensembles

    run.reached["train"] = []
    models = {"compact": trained("compact")}
    assert with_ensembles(run, models, parts, run.settings) == models
    assert run.reached["train"][0].error == "compact 2 could not be trained"


@pytest.mark.parametrize(
    ("second", "said"),
    [(plan("MobileNet"), "there is no compact 2"), (plan("compact 2", input_size=64), "compact 2 64 px")],
)
def test_an_ensemble_that_cannot_be_is_refused_before_any_work(run, second: Plan, said: str) -> None:
    from tasks.combine import check_ensembles

    with pytest.raises(SettingsError, match=said):
        check_ensembles([plan("compact"), second], run.settings)
