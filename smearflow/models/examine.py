"""The candidate as it will serve, looked at: `python -m smearflow.models.examine SPEC.json`, a process of its own.

It makes the bundle whole (calibration, threshold, unsure band, what tells strangers, golden batch), loads it as whoever
serves it does, holds it against what was measured, times it, and shows where it looks.
"""

import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

from smearflow.data.sources import file_at
from smearflow.models.bundles import add_facts
from smearflow.models.child import done_as_told, import_keras, say, timed
from smearflow.models.explain import Explainer
from smearflow.models.golden import write_golden
from smearflow.models.heatmaps import draw, heat_table, to_show
from smearflow.models.novelty import learn_novelty, some
from smearflow.models.spec import ExamineSpec, Ready
from smearflow.registry.serving import Classifier, decode, load

CHECKED = 128  # test images whose probabilities the reloaded bundle must repeat
TIMED = 50  # images that are timed, one by one
WARMING = 5  # images before those


def main(arguments: list[str]) -> int:
    """Examine as the spec says. Exit status 0, PERMANENT, or 1."""
    return done_as_told(arguments, ExamineSpec, examine)


def examine(spec: ExamineSpec) -> None:
    """Leave bundle/, heatmaps.parquet with its pictures, and result.json last in ``spec.out``."""
    import_keras(spec.threads, seed=0)  # nothing is drawn
    known = pd.read_parquet(spec.predictions)
    rows = known[known["probability"].notna()]
    test = rows[rows["split"] == "test"].reset_index(drop=True)
    bundle = spec.out / "bundle"
    shutil.copytree(spec.bundle, bundle)
    add_facts(bundle, threshold=spec.threshold, calibration=spec.calibration, unsure=spec.unsure)
    novelty, learning = timed(lambda: learn_novelty(bundle, rows, spec.root, spec.novelty))
    say(f"{novelty['test']:.1%} of test images count as strangers ({learning:.0f} s)")
    write_golden(bundle)
    table, explaining = timed(lambda: explained(load(bundle), test, spec))
    table.to_parquet(spec.out / "heatmaps.parquet", index=False)
    say(f"heat maps of {len(table):,} test images ({explaining:.0f} s)")
    result = Ready(
        size_mb=(bundle / "model.keras").stat().st_size / 2**20,
        parity=parity(load(bundle), some(test, CHECKED), spec.root),
        latency_ms=latency(load(bundle), [file_at(spec.root, path) for path in some(test, TIMED)["path"]]),
        novelty=novelty,
    )
    (spec.out / "result.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")
    say(f"{result.size_mb:.2f} MiB, {result.latency_ms:.1f} ms an image, parity {result.parity:.0e}")


def explained(classifier: Classifier, test: pd.DataFrame, spec: ExamineSpec) -> pd.DataFrame:
    """The table of heat maps, with the names of the pictures that were drawn for it."""
    table, maps = heat_table(Explainer(classifier.network), test, spec.root, classifier)
    shown = to_show(table, classifier, spec.heatmaps, spec.mistakes)
    return table.assign(picture=draw(table.loc[shown], maps[shown], spec.root, spec.out))


def parity(classifier: Classifier, rows: pd.DataFrame, root: Path) -> float:
    """By how much ``classifier`` differs at most from the probability of ``rows`` (path, probability), 0-1."""
    there = [(file, said) for file, said in zip(_files(rows, root), rows["probability"], strict=True) if file.exists()]
    heard = classifier.predict([file.read_bytes() for file, _ in there])["probability"].to_numpy()
    return float(np.nanmax(np.abs(heard - [said for _, said in there]), initial=0.0))


def latency(classifier: Classifier, files: list[Path]) -> float:
    """The median of ms that one encoded image takes, from its bytes to what is said of it."""
    images = [file.read_bytes() for file in files if file.exists()]
    for image in images[:WARMING]:
        _score(classifier, image)
    seconds = []
    for image in images:
        start = time.perf_counter()
        _score(classifier, image)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds) * 1000)


def _score(classifier: Classifier, image: bytes) -> None:
    classifier.judged(decode(image, classifier.input_size)[None])


def _files(rows: pd.DataFrame, root: Path) -> list[Path]:
    return [file_at(root, path) for path in rows["path"]]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
