"""What `smearflow validate` names: each file that is left out and why, each pair of copies, all that is no image."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from smearflow.data.apart import KINDS
from smearflow.report.wording import one_line
from smearflow.summary import Paths

NAMED = 40  # lines a kind; the tables have them all


def fault_lines(paths: Paths) -> list[str]:
    """A line a file, with the path of the whole table above each kind; nothing where there is none of it."""
    told = (
        ("left out", paths.quarantine, _left_out),
        ("copies", paths.pairs, lambda pairs: _pairs(pairs, paths.manifest)),
        ("converted", paths.manifest, _converted),
        ("no image", paths.apart, _apart),
    )
    kinds = (
        _kind(name, path, list(lines(pd.read_parquet(path)))) for name, path, lines in told if path and path.exists()
    )
    return list(itertools.chain.from_iterable(kinds))


def _kind(name: str, path: Path, lines: list[str]) -> list[str]:
    if not lines:
        return []
    more = [f"  ... and {len(lines) - NAMED:,} more"] if len(lines) > NAMED else []
    return [f"{name}: {len(lines):,}, in {path}", *(f"  {line}" for line in lines[:NAMED]), *more, ""]


def _left_out(quarantine: pd.DataFrame) -> Iterator[str]:
    for file in quarantine.itertuples():
        found = f" ({one_line(file.error)})" if one_line(file.error) else ""
        yield f"{one_line(file.path)}: {file.reason}{found}"


def _pairs(pairs: pd.DataFrame, manifest: Path | None) -> Iterator[str]:
    """Pairs by the names of their files."""
    if manifest is None:
        return
    rows = pd.read_parquet(manifest, columns=["path", "sha256"]).drop_duplicates("sha256")
    names = dict(zip(rows["sha256"], rows["path"], strict=True))
    for pair in pairs.itertuples():
        across = ", under both classes" if pair.across else ""
        both = " and ".join(one_line(names[digest]) for digest in (str(pair.first), str(pair.second)))
        yield f"{both}: {pair.likeness:.3f} alike{across}"


def _converted(manifest: pd.DataFrame) -> Iterator[str]:
    used = manifest[manifest["reason"].isna() & manifest["converted"].notna()]
    for row in used.itertuples():
        yield f"{one_line(row.path)}: {row.converted}"


def _apart(apart: pd.DataFrame) -> Iterator[str]:
    meanings = {str(kind): meaning for kind, meaning in KINDS.items()}
    for entry in apart.itertuples():
        where = f" ({one_line(entry.told)})" if one_line(entry.told) else ""
        yield f"{one_line(entry.path)}: {meanings[str(entry.kind)]}{where}"
