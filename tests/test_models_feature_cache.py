"""Features on disk: found again by the image's digest, and never half of them."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from smearflow.models.feature_cache import FeatureCache


def digests(*numbers: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]


def features(*numbers: int) -> np.ndarray:
    """Four features an image, all of them its number."""
    return np.repeat(np.array(numbers, np.float32), 4).reshape(-1, 4)


@pytest.fixture
def cache(tmp_path: Path) -> FeatureCache:
    """Six images in two shards."""
    cache = FeatureCache(tmp_path / "features")
    cache.add(digests(0, 1, 2, 3), features(0, 1, 2, 3))
    cache.add(digests(4, 5), features(4, 5))
    return cache


def test_rows_are_found_again_in_any_order(cache: FeatureCache) -> None:
    again = FeatureCache(cache.folder)
    assert len(again) == 6
    assert again.knows(digests(5, 9, 0)).tolist() == [True, False, True]
    assert np.array_equal(again.gather(digests(5, 0, 4, 3, 5)), features(5, 0, 4, 3, 5))


def test_what_is_gathered_is_a_memory_map_on_a_file_without_a_name(cache: FeatureCache) -> None:
    matrix = cache.gather(digests(0, 5))
    assert isinstance(matrix, np.memmap) and matrix.dtype == np.float32
    assert len(list(cache.folder.iterdir())) == 2
    assert cache.gather([]).shape == (0, 0)


def test_a_damaged_shard_counts_as_absent_and_makes_room(cache: FeatureCache) -> None:
    longest = max(cache.folder.iterdir(), key=lambda file: file.stat().st_size)
    data = bytearray(longest.read_bytes())
    data[-7] ^= 1
    longest.write_bytes(data)
    again = FeatureCache(cache.folder)
    assert again.knows(digests(0, 1, 2, 3, 4, 5)).tolist() == [False] * 4 + [True] * 2
    assert not longest.exists()


def test_what_a_killed_writer_left_is_no_shard(cache: FeatureCache) -> None:
    code = f"""
import os, signal, tempfile
from pathlib import Path
import numpy as np
from smearflow.models.feature_cache import FeatureCache
cache = FeatureCache(Path({str(cache.folder)!r}))
np.save = lambda file, shard: (file.write(b"half"), file.flush(), os.kill(os.getpid(), signal.SIGKILL))
cache.add(["0" * 64], np.zeros((1, 4), np.float32))
"""
    died = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1])
    assert died.returncode == -9
    assert len(list(cache.folder.iterdir())) == 3
    assert len(FeatureCache(cache.folder)) == 6
    assert len(list(cache.folder.iterdir())) == 2


def test_its_folder_tells_when_it_was_last_used(cache: FeatureCache) -> None:
    os.utime(cache.folder, (0, 0))
    FeatureCache(cache.folder)
    assert cache.folder.stat().st_mtime > 0


def test_a_full_disk_is_told_with_the_path_and_the_space(cache: FeatureCache) -> None:
    code = f"""
import resource
from pathlib import Path
import numpy as np
from smearflow.errors import TrainingError
from smearflow.models.feature_cache import FeatureCache
cache = FeatureCache(Path({str(cache.folder)!r}))
known = cache.gather({digests(0, 1)!r})
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))  # as if there were no more room than that
add = lambda: cache.add(["0" * 64], np.zeros((1, 2**19), np.float32))
gather = lambda: cache.gather({digests(0)!r} * 2**17)
for ask in (add, gather):
    try:
        ask()
    except TrainingError as error:
        print(error.what)
"""
    done = subprocess.run(
        [sys.executable, "-c", "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)" + code],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        check=True,
    )
    for line in done.stdout.splitlines():
        assert line.startswith(f"{cache.folder} can't take 2.0 MiB of features: ")
    assert len(done.stdout.splitlines()) == 2
    assert len(list(cache.folder.iterdir())) == 2


def test_it_says_what_it_is(cache: FeatureCache) -> None:
    assert cache.facts == {}
    cache.describe({"engine": "LiteRT"})
    assert FeatureCache(cache.folder).facts == {"engine": "LiteRT"}


def test_it_can_be_emptied(cache: FeatureCache) -> None:
    cache.forget()
    assert len(cache) == len(FeatureCache(cache.folder)) == 0
