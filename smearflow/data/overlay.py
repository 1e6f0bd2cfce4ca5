"""What readers' decisions make of the labels of a manifest. The source isn't touched.

Each reader has one word on each cell, the last. Where all agree, or more say so than anything else, it counts; where
they disagree, the label stays as it was given until a third has looked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from smearflow.data.decisions import EXCLUDE, UNSURE, WITHDRAWN, Entry

OPINIONS = ("number", "file", "sha256", "given", "decided", "reader", "time", "reason", "queue")
ABSENT, AMBIGUOUS = "absent", "ambiguous"


@dataclass(frozen=True)
class Reviewed:
    """The decisions that a run goes by.

    ``path``: a parquet of OPINIONS; ``digest``: of these; ``head``: the ledger's; ``decisions``: words that count.
    """

    path: Path
    digest: str
    head: str
    decisions: int
    readers: tuple[str, ...]


def nothing() -> pd.DataFrame:
    """OPINIONS where nobody has said anything."""
    return _table([])


def opinions(entries: Iterable[Entry]) -> pd.DataFrame:
    """OPINIONS: each reader's last word on each cell, in the order of the ledger."""
    last = [words[-1] for words in standing_words(entries) if words]
    return _table(sorted(last, key=lambda entry: entry.number))


def standing_words(entries: Iterable[Entry]) -> list[list[Entry]]:
    """What each reader said of each cell, in order, without what was withdrawn: then the word before counts again.

    A cell goes by its sha256, where a decision has none by its name; the two are brought together in ``standing``.
    """
    words: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        told = entry.decision
        of_cell = words.setdefault((told.reader, told.sha256 or told.file), [])
        if told.decided != WITHDRAWN:
            of_cell.append(entry)
        elif of_cell:
            of_cell.pop()
    return list(words.values())


def matched(said: pd.DataFrame, cells: pd.DataFrame) -> pd.Series:
    """Which content each of ``said`` (OPINIONS) is about: a sha256 of ``cells`` (path, sha256), ABSENT or AMBIGUOUS.

    A name fits a path that is the same or ends in it, or that it ends in; one that fits several contents fits none.
    """
    present = set(cells["sha256"].dropna())
    by_name: dict[str, list[tuple[str, str]]] = {}
    if said["sha256"].isna().any():
        known = cells.dropna(subset="sha256")
        for path, sha256 in zip(known["path"].tolist(), known["sha256"].tolist(), strict=True):
            by_name.setdefault(_name(path), []).append((path, sha256))
    found = [
        (sha256 if sha256 in present else ABSENT) if isinstance(sha256, str) else _named(file, by_name)
        for file, sha256 in zip(said["file"].tolist(), said["sha256"].tolist(), strict=True)
    ]
    return pd.Series(found, index=said.index, dtype="string")


def standing(said: pd.DataFrame, cells: pd.DataFrame) -> pd.DataFrame:
    """What ``said`` (OPINIONS) comes to, by sha256 of ``cells`` (path, sha256): decided, readers, reasons.

    ``decided``: a class, EXCLUDE or UNSURE; null where readers disagree; ``readers``: how many have looked.
    """
    about = said.assign(content=matched(said, cells))
    about = about[~about["content"].isin([ABSENT, AMBIGUOUS])].sort_values("number")
    about = about.drop_duplicates(["content", "reader"], keep="last")  # said once by name, once by content
    readers = about.groupby("content").size()
    decided = _agreed(about).reindex(readers.index)
    told = about[about["reason"] != ""].drop_duplicates(["content", "reason"])
    reasons = told.groupby("content")["reason"].agg("; ".join).reindex(readers.index).fillna("")
    table = pd.DataFrame({"decided": decided, "readers": readers, "reasons": reasons})
    return table.astype({"decided": "string", "readers": "Int64", "reasons": "string"}).rename_axis("sha256")


def with_labels(manifest: pd.DataFrame, said: pd.DataFrame) -> pd.DataFrame:
    """``manifest``, whose labels are as given, with label, label_given, label_source and the reasons that follow.

    `excluded` where that was decided; `unlabelled` where an image still has no label and others have one.
    """
    given, reason = manifest["label"], manifest["reason"]
    found = standing(said, manifest).reindex(manifest["sha256"]).set_axis(manifest.index)
    decided = found["decided"]
    names_class = decided.notna() & ~decided.isin([EXCLUDE, UNSURE])
    label = given.mask(names_class, decided)
    source = pd.Series("given", index=manifest.index, dtype="string")
    source = source.mask(names_class, "relabelled").mask(names_class & given.isna(), "labelled")
    source = source.mask(names_class & (given == decided).fillna(False), "kept")
    source = source.mask(decided.eq(EXCLUDE).fillna(False), "excluded").mask(decided.eq(UNSURE).fillna(False), "unsure")
    source = source.mask(found["readers"].notna() & decided.isna(), "disputed")
    reason = reason.mask(reason.isna() & (source == "excluded"), "excluded")
    if label.notna().any():
        reason = reason.mask(reason.isna() & label.isna(), "unlabelled")
    return manifest.assign(label=label, label_given=given, label_source=source, reason=reason)


def _agreed(about: pd.DataFrame) -> pd.Series:
    """What the readers of each content come to: what most say, those who are unsure aside; null where none does."""
    votes = about[about["decided"] != UNSURE].groupby(["content", "decided"]).size().rename("votes").reset_index()
    most = votes["votes"] == votes.groupby("content")["votes"].transform("max")
    first = votes[most]
    settled = first[~first.duplicated("content", keep=False)].set_index("content")["decided"]
    unsure = about.loc[~about["content"].isin(votes["content"]), "content"].unique()
    agreed: pd.Series = pd.concat([settled, pd.Series(UNSURE, index=unsure, dtype="string")])
    return agreed


def _named(file: str, by_name: dict[str, list[tuple[str, str]]]) -> str:
    """The one content that a file of that name has; else ABSENT, or AMBIGUOUS."""
    called = f"/{file}"
    fit = {
        sha256
        for path, sha256 in by_name.get(_name(file), ())
        if f"/{path}".endswith(called) or called.endswith(f"/{path}")
    }
    if len(fit) > 1:
        return AMBIGUOUS
    return next(iter(fit), ABSENT)


def _name(path: str) -> str:
    return path[path.rfind("/") + 1 :]


def _table(entries: Sequence[Entry]) -> pd.DataFrame:
    rows = [
        (e.number, d.file, d.sha256, d.given, d.decided, d.reader, d.time, d.reason, d.queue)
        for e in entries
        for d in [e.decision]
    ]
    types = {name: "Int64" if name == "number" else "string" for name in OPINIONS}
    return pd.DataFrame(rows, columns=list(OPINIONS)).astype(types)
