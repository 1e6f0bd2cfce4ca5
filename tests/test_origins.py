"""What a run was made of is read back as it was written, and what is missing is named with the way out."""

from pathlib import Path

import pytest

from smearflow.errors import MissingPart, UsageError
from smearflow.origins import MadeModel, Origins, last_run, machine, now_at_hand, origins_of, write_origins
from smearflow.settings import Settings
from smearflow.workspace import Workspace

RUN = "20261129-080000-aaaa"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    workspace = Workspace.at(tmp_path)
    workspace.run(RUN).mkdir(parents=True)
    return workspace


def origins(**changes: object) -> Origins:
    made = {"compact": MadeModel(weights_digest="w" * 64, engine=None, folder=Path("/somewhere"))}
    facts = {"run_id": RUN, "settings": Settings(), "root": "/cells", "split": "/split.parquet", "models": made}
    return Origins.model_validate({**facts, "digests": {"data": "d" * 64}, "machine": machine(), **changes})


def test_it_is_read_as_it_was_written(workspace: Workspace) -> None:
    write_origins(origins(), workspace.run(RUN))
    assert origins_of(workspace, RUN) == origins()


@pytest.mark.parametrize("name", ["another", "", "..", "../runs", f"{RUN}/.."])
def test_a_run_that_is_not_there_is_named_with_those_that_are(workspace: Workspace, name: str) -> None:
    with pytest.raises(UsageError, match=f"There is no run '{name}'") as raised:
        origins_of(workspace, name)
    assert RUN in raised.value.fix


def test_a_run_that_trained_nothing_has_nothing_to_make_again(workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="it trained no model"):
        origins_of(workspace, RUN)


def test_another_versions_record_is_refused_with_a_way_out(workspace: Workspace) -> None:
    (workspace.run(RUN) / "provenance.json").write_text('{"run_id": 1}')
    with pytest.raises(UsageError, match="can't be read") as raised:
        origins_of(workspace, RUN)
    assert "Another version" in raised.value.fix


def test_the_last_run_that_can_still_be_measured_on_is_found(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(MissingPart, match="has test images to measure on"):
        last_run(workspace)
    (tmp_path / "split.parquet").write_text("a split")
    write_origins(origins(root=tmp_path, split=tmp_path / "split.parquet"), workspace.run(RUN))
    write_origins(origins(run_id="20261130-080000-bbbb"), workspace.run("20261130-080000-bbbb"))  # its images are gone
    workspace.run("20261201-080000-cccc").mkdir()  # it validated only
    assert last_run(workspace).run_id == RUN


def test_what_is_at_hand_is_code_locked_libraries_and_machine() -> None:
    found = now_at_hand()
    assert list(found) == ["code", "lock", "python", "platform", "processor"]
    assert len(found["code"]) == len(found["lock"]) == 64 and found["processor"]
