"""Out of memory, under a real limit: once more with half the batch, and it says so (soak: 40 s; else 1 s)."""

import os
import resource
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from smearflow.models import memory
from smearflow.models.memory import is_limited, is_shortage, kills, says_so
from smearflow.models.training import train_within_memory
from tests.trained_cells import spec_of, split_of_cells

LIMIT = 6_600_000_000  # bytes of address space: TensorFlow takes 3.9e9, half the batch 6.0e9, the whole 7.4e9
LIMITED = f"import resource; resource.setrlimit(resource.RLIMIT_AS, ({LIMIT}, {LIMIT}))"


@pytest.mark.soak
def test_under_a_limit_it_is_trained_once_more_with_half_the_batch_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(LIMITED)  # Python runs it before anything else
    table = split_of_cells(tmp_path / "cells", images=60)
    rows = pd.read_parquet(table)
    training = rows[rows["split"] == "train"]
    many = pd.concat([training] * (1024 // len(training) + 1)).head(1024)
    pd.concat([many, rows[rows["split"] != "train"]]).to_parquet(table, index=False)
    spec = spec_of(table, tmp_path / "out", name="compact", input_size=96, epochs=1)
    spec = spec.model_copy(update={"train": spec.train.model_copy(update={"batch_size": 1024})})
    lines: list[str] = []
    trained = train_within_memory(spec, 300, lines.append, {"PYTHONPATH": str(tmp_path)})
    assert trained.note == "memory ran out; trained with half the batch, 512 images a step"
    assert "compact: memory ran out: once more with half the batch, 512 images a step" in lines
    assert (trained.folder / "bundle" / "model.keras").exists()


def test_an_allocation_that_failed_is_known_by_its_kind_or_its_words() -> None:
    with pytest.raises(MemoryError) as caught:
        np.empty(2**60, np.uint8)
    assert is_shortage(caught.value)
    assert is_shortage(RuntimeError("OOM when allocating tensor with shape[1024,96,96,16]"))
    assert not is_shortage(RuntimeError("no such layer"))
    assert says_so("terminate called after throwing an instance of 'std::bad_alloc'")


def test_a_limited_process_is_told_from_others() -> None:
    assert is_limited(os.getpid()) == (resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY)
    with subprocess.Popen(["bash", "-c", "ulimit -v 8000000; read"], stdin=subprocess.PIPE, text=True) as child:
        child.communicate("\n")
    assert not is_limited(child.pid)  # it is gone


def test_how_many_processes_the_kernel_ended_is_known_or_none() -> None:
    assert kills() >= 0


def test_what_is_left_is_the_machines_or_the_cgroups_where_that_is_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(memory, "CGROUP", tmp_path)
    assert memory.available() == 0
    (tmp_path / "meminfo").write_text("MemTotal: 16 kB\nMemAvailable: 8 kB\n")
    assert memory.available() == 8192
    for name, text in {"max": "9000", "current": "5000", "stat": "anon 1\ninactive_file 1000\n"}.items():
        (tmp_path / f"memory.{name}").write_text(text)
    assert memory.available() == 5000
    (tmp_path / "memory.max").write_text("max")
    assert memory.available() == 8192
