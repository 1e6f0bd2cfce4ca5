"""Never two trainers at one place, and a place is free again when its holder is killed."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from smearflow.models.leases import Crowd, cores_of, count_gpus, environment_of, lease

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


TRAINER = """
import os, sys, time
from pathlib import Path
from smearflow.models.leases import environment_of, lease
log = Path(sys.argv[1])
with lease(log.parent / "leases", 2) as place:
    device = environment_of(place, 2)["CUDA_VISIBLE_DEVICES"]
    for word in ("takes", "leaves"):
        with log.open("a") as file:
            file.write(f"{word} {device}\\n")
        if word == "takes" and sys.argv[2] == "dies":
            time.sleep(60)
        time.sleep(0.1)
"""


def test_four_trainers_never_share_one_of_two_devices_and_a_killed_one_gives_its_own_back(tmp_path: Path) -> None:
    log = tmp_path / "log"

    def trainer(how: str) -> "subprocess.Popen[bytes]":
        told = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
        return subprocess.Popen([sys.executable, "-c", TRAINER, str(log), how], cwd=CHECKOUT, env=told)

    doomed = trainer("dies")
    while not log.exists() or not log.read_text():
        time.sleep(0.02)
    others = [trainer("ends") for _ in range(4)]
    time.sleep(0.5)
    doomed.kill()
    assert doomed.wait() == -signal.SIGKILL
    assert [other.wait(timeout=60) for other in others] == [0] * 4
    first, *rest = log.read_text().splitlines()
    held: set[str] = set()
    used: list[str] = []
    for word, device in (line.split() for line in rest):
        if word == "takes":
            assert device not in held
            held.add(device)
            used.append(device)
        else:
            held.discard(device)
    assert first == "takes 0" and len(used) == 4


def test_cores_are_shared_evenly_and_nobody_has_anothers() -> None:
    assert [cores_of(place, 2, [0, 1, 2, 3]) for place in (0, 1)] == [(0, 2), (1, 3)]
    assert [cores_of(place, 3, [4, 6, 7, 8]) for place in (0, 1, 2)] == [(4, 8), (6,), (7,)]
    assert cores_of(5, 1, [0, 1]) == (0, 1)  # alone it has all, at whatever place
    assert [cores_of(place, 4, [0, 1]) for place in range(4)] == [(0,), (1,), (0,), (1,)]  # more than there are


def test_where_a_backbone_is_trained_is_no_part_of_its_key() -> None:
    from tasks.stage import identity

    assert identity(Crowd(1)) == identity(Crowd(7))
