"""A process that a flow started: it ends with its parent, and its failures are JSON that the parent understands."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from smearflow.errors import DataError, DiskError, SmearflowError, TrainingError
from smearflow.models.child import DISK, FAILURE, PARENT, PERMANENT, say_failure, timed

CHECKOUT = Path(__file__).resolve().parent.parent
GONE = str(1 << 30)  # no process has this number
WATCHES = "from smearflow.models.child import watch_parent; import time; watch_parent(); time.sleep(60)"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TrainingError("compact: no memory", "Lower train.batch_size."), 1),
        (TrainingError("VGG16: weights don't fit", "Give others.", permanent=True), PERMANENT),
        (DiskError("/workspace: the disk is full", "Make room."), DISK),
        (DataError("no cells", "bring some"), PERMANENT),
    ],
)
def test_a_failure_is_one_line_and_its_status_says_whether_to_try_again(
    error: SmearflowError, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert say_failure(error) == status
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert json.loads(said.removeprefix(FAILURE)) == {"what": error.what, "fix": error.fix}


def test_what_was_timed_comes_with_its_seconds() -> None:
    made, seconds = timed(lambda: sum(range(10)))
    assert made == 45
    assert seconds >= 0


@pytest.mark.parametrize(("own_group", "status"), [(True, -9), (False, 1)])
def test_it_ends_with_its_parent_and_takes_along_only_a_group_of_its_own(own_group: bool, status: int) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", WATCHES],
        cwd=CHECKOUT,
        env={**os.environ, PARENT: GONE},
        start_new_session=own_group,
        timeout=30,
        check=False,
    )
    assert ran.returncode == status


def test_a_process_keeps_to_its_cores() -> None:
    told = "import os; from smearflow.models.child import keep_to; keep_to([CORE]); print(os.sched_getaffinity(0))"
    core = max(os.sched_getaffinity(0))
    done = subprocess.run(
        [sys.executable, "-c", told.replace("CORE", str(core))],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == f"{{{core}}}"
