"""A trainer that dies, hangs or is given nonsense ends as an error in words, with nothing left running (20 s)."""

import threading
from pathlib import Path

import pytest

from smearflow.errors import MemoryRanOut, TrainingError
from smearflow.models import training
from smearflow.models.training import batch_size, end_all, halved, run_module, run_trainer, slots
from tests.test_processes import alive, eventually
from tests.trained_cells import spec_of, split_of_cells

# Modules to run in place of the trainer. `-m` finds them through PYTHONPATH.
HANGS = """
import subprocess, sys, time
child = subprocess.Popen(["sleep", "60"])
print("child", child.pid, flush=True)
time.sleep(60)
"""
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"
SEGFAULTS = "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)"
CRASHES_UNDER_A_LIMIT = "import resource; resource.setrlimit(resource.RLIMIT_AS, (10**10, 10**10)); " + SEGFAULTS
THROWS = "import os, sys; print('what():  std::bad_alloc', file=sys.stderr, flush=True); os.abort()"
CRASHES = "raise RuntimeError('no more disk')"


@pytest.fixture
def module(tmp_path: Path, request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment in which a module called stand_in holds the code that the test is parametrised with."""
    (tmp_path / "stand_in.py").write_text(request.param)
    return {"PYTHONPATH": str(tmp_path)}


def run(tmp_path: Path, environment: dict[str, str], limit: float = 60, lines: list[str] | None = None) -> None:
    run_module(
        "stand_in", tmp_path / "spec.json", "compact", limit, (lines if lines is not None else []).append, environment
    )


@pytest.mark.parametrize("module", [HANGS], indirect=True)
def test_at_its_limit_a_trainer_ends_and_its_children_with_it(tmp_path: Path, module: dict[str, str]) -> None:
    lines: list[str] = []
    with pytest.raises(
        TrainingError, match=r"compact: not done after 2 s, and ended\nRaise train.time_limit"
    ) as caught:
        run(tmp_path, module, limit=2, lines=lines)
    assert caught.value.retryable
    assert eventually(lambda: not alive(int(lines[0].split()[1])))


@pytest.mark.parametrize("module", [HANGS], indirect=True)
def test_end_all_ends_what_still_runs(tmp_path: Path, module: dict[str, str]) -> None:
    lines: list[str] = []
    died: list[TrainingError] = []

    def work() -> None:
        try:
            run(tmp_path, module, lines=lines)
        except TrainingError as error:
            died.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    assert eventually(lambda: bool(lines))
    end_all()
    thread.join(timeout=20)
    assert len(died) == 1
    assert not died[0].retryable  # or its task would wait before it tries again, and the flow's end with it
    assert not training.LIVE and not training.ENDED
    assert eventually(lambda: not alive(int(lines[0].split()[1])))


@pytest.mark.parametrize("module", [KILLED], indirect=True)
def test_a_trainer_that_somebody_killed_is_worth_another_try(tmp_path: Path, module: dict[str, str]) -> None:
    with pytest.raises(TrainingError, match=r"compact: its process was killed \(signal 9\)") as caught:
        run(tmp_path, module)
    assert "goes on from its last epoch" in caught.value.fix
    assert caught.value.retryable and not isinstance(caught.value, MemoryRanOut)


@pytest.mark.parametrize("module", [CRASHES_UNDER_A_LIMIT, THROWS], indirect=True)
def test_a_crash_for_want_of_memory_is_told_from_others(tmp_path: Path, module: dict[str, str]) -> None:
    with pytest.raises(MemoryRanOut, match="compact: memory ran out") as caught:
        run(tmp_path, module)
    assert not caught.value.retryable  # not as it was


@pytest.mark.parametrize("module", [SEGFAULTS], indirect=True)
def test_a_crash_without_a_limit_on_memory_is_just_a_crash(tmp_path: Path, module: dict[str, str]) -> None:
    with pytest.raises(TrainingError, match="ended by SIGSEGV") as caught:
        run(tmp_path, module)
    assert not isinstance(caught.value, MemoryRanOut)


@pytest.mark.parametrize("module", [CRASHES], indirect=True)
def test_a_crash_carries_its_last_words(tmp_path: Path, module: dict[str, str]) -> None:
    with pytest.raises(TrainingError, match=r"status 1: (.|\n)*RuntimeError: no more disk"):
        run(tmp_path, module)


def test_weights_that_do_not_fit_are_a_fault_that_no_retry_mends(tmp_path: Path) -> None:
    table = split_of_cells(tmp_path / "cells", images=20)
    wrong = tmp_path / "wrong.weights.h5"
    wrong.write_bytes(b"no weights")
    spec = spec_of(table, tmp_path / "out", wrong, name="MobileNetV2", weights=str(wrong))
    with pytest.raises(TrainingError, match=r"wrong.weights.h5 does not fit MobileNetV2") as caught:
        run_trainer(spec, 120, print)
    assert not caught.value.retryable
    assert "weights: random" in caught.value.fix


@pytest.mark.parametrize(
    ("gpus", "cores", "wanted", "places"),
    [(0, 2, None, 2), (4, 16, None, 4), (4, 16, 1, 1), (0, 2, 5, 5), (0, 0, None, 1)],
)
def test_as_many_at_once_as_wanted_or_gpus_or_cores(gpus: int, cores: int, wanted: int | None, places: int) -> None:
    assert slots(gpus, cores, wanted) == places


def test_half_the_batch_is_that_of_the_recipe_and_at_least_an_image(tmp_path: Path) -> None:
    ours = spec_of(tmp_path / "split.parquet", tmp_path, name="compact")
    taught = spec_of(tmp_path / "split.parquet", tmp_path, name="simple_cnn", recipe="lecture")
    assert [batch_size(spec) for spec in (ours, halved(ours), halved(halved(ours)))] == [16, 8, 4]
    assert batch_size(halved(taught)) == 8 and halved(taught).train.batch_size == 16
    single = ours.model_copy(update={"train": ours.train.model_copy(update={"batch_size": 1})})
    assert batch_size(halved(single)) == 1
