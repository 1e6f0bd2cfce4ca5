"""What earlier scans measured, so that one image more is one image measured."""

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas as pd

from smearflow.data.scanning import DIED, FACTS, as_facts
from smearflow.provenance import code_digest, lock_digest
from smearflow.settings import Quality
from smearflow.workspace import digest_of

KEPT = 3  # tables of the same folders: of other quality settings, or other code


@dataclass(frozen=True)
class Memory:
    """A table of measured images for each set of folders and way of measuring, below ``folder``.

    ``fresh``: nothing is recalled, and all is kept. As an argument of a stage it changes no result, hence the constant
    digest.
    """

    folder: Path
    fresh: bool = False
    digest: ClassVar[str] = "memory"

    def recall(self, roots: Sequence[Path], quality: Quality, listing: pd.DataFrame) -> pd.DataFrame:
        """The facts (scanning.FACTS, by path) of what in ``listing`` is as it was. A damaged table counts as empty."""
        nothing = as_facts(pd.DataFrame(index=pd.Index([], dtype="string")))
        if self.fresh:
            return nothing
        try:
            kept = pd.read_parquet(self._file(roots, quality), page_checksum_verification=True)
            unchanged = kept["listed"] == stamps(listing).reindex(kept.index)  # null for what has gone
            return as_facts(kept[unchanged.fillna(False)])
        except (OSError, ValueError, KeyError, TypeError, NotImplementedError):  # all that a reader of parquet raises
            return nothing

    def keep(self, roots: Sequence[Path], quality: Quality, listing: pd.DataFrame, facts: pd.DataFrame) -> None:
        """Put the ``facts`` of ``listing`` in place of what was kept. What may have been the moment's is left out."""
        lasting = facts[(facts["reason"] != "unreadable").fillna(True) & (facts["error"] != DIED).fillna(True)]
        self.folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", dir=self.folder) as aside:
            written = Path(aside) / "facts.parquet"
            lasting.join(stamps(listing)).to_parquet(written, write_page_checksum=True, use_dictionary=False)
            written.replace(self._file(roots, quality))
        self._forget_old(_digest(roots))

    def _forget_old(self, roots: str) -> None:
        with contextlib.suppress(FileNotFoundError):  # another scan forgets them at this moment
            for old in sorted(self.folder.glob(f"{roots}-*"), key=lambda f: f.stat().st_mtime_ns)[:-KEPT]:
                old.unlink()

    def _file(self, roots: Sequence[Path], quality: Quality) -> Path:
        made_with = (quality.keyed(), code_digest("smearflow.data.scanning"), lock_digest(), list(FACTS))
        return self.folder / f"{_digest(roots)}-{digest_of(*made_with)}.parquet"


def stamps(listing: pd.DataFrame) -> "pd.Series[str]":
    """By path, what must be as it was for an image to be known: bytes, mtime_ns and fault as one text, ``listed``."""
    same = listing.set_index("path")
    size, time = (same[name].astype("string") for name in ("bytes", "mtime_ns"))
    return (size + " " + time + " " + same["fault"].fillna("")).rename("listed")


def _digest(roots: Sequence[Path]) -> str:
    return digest_of([str(root) for root in roots])
