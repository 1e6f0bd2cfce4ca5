"""What the data contract costs: `python -m benchmarks.validation`. Seconds of import and of checking, and peak memory.

Rows are synthetic; 3 in 100 are left out, so that files have to be named. Measured 2026-11 on 2 cores with four other
jobs: 4.9 s for the first check, 1.3 s for 27,558 rows, 15 s and 1.7 GiB for 1,000,000.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.data.manifest import as_manifest
from smearflow.settings import Data, Quality

SIZES = (27_558, 1_000_000)
PATIENTS = 200


def manifest_of(rows: int) -> pd.DataFrame:
    """A manifest of ``rows`` images of both classes, 3 % of them left out for their size."""
    draw = np.random.default_rng(1337)
    group = np.arange(rows) % PATIENTS
    facts = {
        "path": [f"C{g}_cell_{i}.png" for i, g in enumerate(group)],
        "sha256": [f"{i:064x}" for i in range(rows)],
        "pixels": [f"{i:032x}" for i in range(rows)],
        "label": np.where(draw.random(rows) < 0.5, "Parasitized", "Uninfected"),
        "group": [f"C{g}" for g in group],
        "width": draw.integers(46, 395, rows),
        "height": draw.integers(40, 386, rows),
        "reason": np.where(draw.random(rows) < 0.03, "size", None),
    }
    return as_manifest(pd.DataFrame(facts).assign(mode="RGB", format="PNG"))


def seconds_of_check(manifest: pd.DataFrame) -> float:
    """Seconds of the whole contract over ``manifest``, Data Docs written."""
    from expectations.contract import check

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        check(manifest, Data(), Quality(), Path(folder) / "docs")
    return time.perf_counter() - start


def main() -> None:
    before = time.perf_counter()
    seconds_of_check(manifest_of(200))
    print(f"first check of a process, 200 rows (with the import): {time.perf_counter() - before:.1f} s")
    for rows in SIZES:
        manifest = manifest_of(rows)
        seconds = seconds_of_check(manifest)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 if sys.platform == "darwin" else 1024) / 1024
        print(f"{rows:,} rows: {seconds:.1f} s, {rows / seconds:,.0f} rows a second, peak memory {peak:.1f} GiB")


if __name__ == "__main__":
    main()
