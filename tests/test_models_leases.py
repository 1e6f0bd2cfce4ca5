"""Never two trainers at one place, and a place is free again when its holder is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from smearflow.models.leases import count_gpus, environment_of, lease

CHECKOUT = Path(__file__).resolve().parent.parent
HOLDER = """
import sys, time
from pathlib import Path
from smearflow.models.leases import lease
with lease(Path(sys.argv[1]), 1) as place:
    print(place, flush=True)
    time.sleep(60)
"""


def test_no_place_is_ever_held_twice(tmp_path: Path) -> None:
    held: set[int] = set()
    most: list[int] = []
    twice: list[int] = []

    def work() -> None:
        for _ in range(3):
            with lease(tmp_path, 2) as place:
                twice.extend([place] if place in held else [])
                held.add(place)
                most.append(len(held))
                time.sleep(0.01)
                held.discard(place)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not twice
    assert max(most) <= 2
    assert len(most) == 15  # everybody had their turns


def test_a_killed_holder_frees_its_place(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline().strip() == "0"
    waiting = threading.Timer(0.5, os.kill, (holder.pid, signal.SIGKILL))
    waiting.start()
    with lease(tmp_path, 1) as place:  # waits until the holder is dead
        assert place == 0
        assert holder.wait() == -signal.SIGKILL
    holder.stdout.close()


def test_a_place_without_gpus_changes_nothing_for_the_trainer() -> None:
    assert environment_of(3, gpus=0) == {}


def test_each_place_sees_its_own_gpu_of_those_that_we_may_use(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [environment_of(place, 2)["CUDA_VISIBLE_DEVICES"] for place in range(3)] == ["0", "1", "0"]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,6")
    assert [environment_of(place, 2)["CUDA_VISIBLE_DEVICES"] for place in range(2)] == ["4", "6"]


def test_hidden_gpus_are_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    assert count_gpus() == 0
