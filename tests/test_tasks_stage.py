"""How a stage is run: cached under its key, tied to its artifact, noted down. On a real Prefect server."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from smearflow.settings import Settings, Split
from smearflow.workspace import Workspace, building


@dataclass(frozen=True)
class Counted:
    path: Path
    count: int


@pytest.fixture
def run(prefect_server, tmp_path):
    """Makes runs in a workspace of their own."""
    from tasks.stage import Run

    workspace = Workspace.at(tmp_path / "workspace")
    return lambda fresh=False: Run("run", Settings(), workspace, "a-run", fresh)


@pytest.fixture
def counting():
    """A stage that counts how often it works, and the list of its calls."""
    from tasks.stage import stage

    calls: list[int] = []

    @stage(lambda made: f"# {made.count} counted", task_run_name="count to {upto}")
    def count(folder: Path, upto: int, split: Split) -> Counted:
        calls.append(upto)
        with building(folder) as aside:
            (aside / "numbers").write_text("\n".join(map(str, range(upto))))
        return Counted(folder / "numbers", upto)

    count.code = ("tasks.stage",)  # this test's own module is no room of the project
    return count, calls


def within_a_flow(function, *args):
    from prefect import flow

    return flow(name="test")(function)(*args)


def states(run):
    return [(stage.name, stage.state) for stage in run.stages]


def test_the_same_inputs_are_no_work_the_second_time(run, counting):
    count, calls = counting
    first, second = run(), run()
    made = within_a_flow(lambda: count(first, 3, Split()))
    again = within_a_flow(lambda: count(second, 3, Split()))
    assert made == again and calls == [3]
    assert states(first) == [("count", "completed")]
    assert states(second) == [("count", "cached")]
    assert second.reached["count"] == made


@pytest.mark.parametrize("change", ["input", "setting", "fresh", "deleted", "truncated"])
def test_whatever_has_changed_is_computed_again(run, counting, change):
    count, calls = counting
    made = within_a_flow(lambda: count(run(), 3, Split()))
    upto = 4 if change == "input" else 3
    split = Split(seed=7) if change == "setting" else Split()
    if change == "deleted":
        made.path.unlink()
    if change == "truncated":
        made.path.write_text("0")
    again = within_a_flow(lambda: count(run(fresh=change == "fresh"), upto, split))
    assert calls == [3, upto]
    assert again.path.read_text().count("\n") == upto - 1


def test_a_failed_stage_is_noted_and_raises_its_own_error(run):
    from smearflow.errors import DataError
    from tasks.stage import stage

    @stage(str)
    def refuse(folder: Path) -> str:
        raise DataError("no images", "bring some")

    refuse.code = ("tasks.stage",)
    failing = run()
    with pytest.raises(DataError, match="no images"):
        within_a_flow(lambda: refuse(failing))
    assert states(failing) == [("refuse", "failed")]
    assert "refuse" not in failing.reached


def test_a_key_depends_on_what_a_setting_changes_in_the_result(run):
    from smearflow.settings import Train
    from tasks.stage import identity

    assert identity(Train(parallel=1)) == identity(Train(parallel=2))
    assert identity((Split(), Path("a"), 3)) != identity((Split(seed=1), Path("a"), 3))


def test_what_points_to_data_is_known_by_its_digest():
    from tasks.stage import identity

    @dataclass(frozen=True)
    class Data:
        digest: str
        path: Path

    assert identity(Data("abc", Path("here"))) == identity(Data("abc", Path("there"))) == "abc"


def test_a_result_that_took_two_tries_says_so(run):
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    from tasks.stage import stage

    tries: list[int] = []

    @stage(lambda made: "# It came through", retries=1, retry_delay_seconds=0)
    def flaky(folder: Path) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("the share was away for a moment")
        return "done"

    flaky.code = ("tasks.stage",)
    assert within_a_flow(lambda: flaky(run())) == "done"
    with get_client(sync_client=True) as client:
        found = client.read_artifacts(artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["flaky"])))
    assert "Try number 2" in str(found[0].data)
