"""One folder with faults, told in many places: the numbers are the same in each."""

import html
import re
from pathlib import Path

import httpx
import pandas as pd
import pytest
from drawn_suite import WITHDRAWN

from expectations.files import FAULTS
from smearflow.data.manifest import read_manifest
from smearflow.data.sources import file_at
from smearflow.summary import Summary

UNFIT = "files can be used as images of cells"
COPIES = "no file is a copy of another"
CONFLICTS = "no image has two labels"


@pytest.fixture(scope="module")
def cells(smearflow, tmp_path_factory) -> Path:
    """Drawn cells with every fault planted among them."""
    folder = tmp_path_factory.mktemp("faults") / "cells"
    smearflow("demo", folder, "--images", 200, "--faults", "--set", "data.demo.patients=12")
    return folder


@pytest.fixture(scope="module")
def summary(smearflow, cells) -> Summary:
    """What validating them found: more is broken than may be."""
    lenient = "quality={min_class_groups: 3, warn_class_groups: 3, min_class_images: 20}"
    suites = 'quality.suites=["tests.drawn_suite:suite"]'
    done = smearflow("validate", cells, "--json", "--set", lenient, "--set", suites)
    assert done.returncode == 1 and "can't" in done.stderr
    assert re.search(r"no class lost many files .*\(at most 5 % each\): Parasitized [\d.]+ %, Uninfected", done.stderr)
    return Summary.model_validate_json(done.stdout)


@pytest.fixture(scope="module")
def unexpected(summary) -> dict[str, int]:
    """Rows that don't comply, by expectation, as summary.json gives them."""
    return {check.expectation: check.unexpected for check in summary.validation.checks}


@pytest.fixture(scope="module")
def manifest(summary) -> pd.DataFrame:
    return read_manifest(summary.paths.manifest)


@pytest.fixture(scope="module")
def withdrawn(manifest) -> pd.DataFrame:
    """What the team's own rule leaves out."""
    return manifest[manifest["reason"] == "contract"]


@pytest.fixture(scope="module")
def apart(summary) -> pd.DataFrame:
    return pd.read_parquet(summary.paths.apart)


APART = {"other_file": "ignored", "hidden": "ignored", "nested_copy": "nested", "link": "link"}


def said_of(manifest: pd.DataFrame, apart: pd.DataFrame, paired: set[str]) -> dict[str, str]:
    """What a validation says of each entry, in the words of faults.csv; nothing of a good cell. ``paired``: sha256.

    What the team's rule leaves out was good.
    """
    apart_said = {entry.path: APART[entry.kind] for entry in apart.itertuples()}
    rows = manifest.assign(said=manifest["reason"].mask(manifest["reason"] == "contract"))
    rows["said"] = rows["said"].mask(rows["said"].isna() & rows["sha256"].isin(paired), "near_duplicate")
    rows["said"] = rows["said"].mask(rows["said"].isna() & rows["converted"].notna(), "converted")
    return apart_said | rows.dropna(subset="said").set_index("path")["said"].to_dict()


def read_as_words(page: Path) -> str:
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", page.read_text()).split()))


def test_the_manifest_and_the_quarantine_give_them(summary, unexpected, manifest, withdrawn):
    quarantine = pd.read_parquet(summary.paths.quarantine)
    for rows in (manifest, quarantine):
        assert unexpected[UNFIT] == rows["reason"].isin(FAULTS).sum() > 10
        assert unexpected[COPIES] == (rows["reason"] == "duplicate").sum() > 0
        assert unexpected[CONFLICTS] == (rows["reason"] == "label_conflict").sum() > 0
    quarantined = quarantine.loc[quarantine["reason"] == "contract"]
    assert len(quarantined) == len(withdrawn) > 0 and set(withdrawn["group"]) == {"C10"}
    assert (quarantined["error"] == f"breaks consent: {WITHDRAWN}").all()
    assert summary.dataset.quarantined + summary.dataset.review == len(quarantine)
    assert summary.dataset.images + len(quarantine) == len(manifest)


def test_so_do_the_breaches_row_by_row(summary, unexpected, manifest, withdrawn):
    breaches = pd.read_parquet(summary.paths.breaches)
    unfit = breaches[breaches["expectation"] == UNFIT]
    assert set(unfit["path"]) == set(manifest.loc[manifest["reason"].isin(FAULTS), "path"])
    counts = breaches["expectation"].value_counts()
    about_images = {name for name in unexpected if name in counts}
    assert {UNFIT, COPIES, CONFLICTS, WITHDRAWN} <= about_images
    own = breaches[breaches["quarantines"] & (breaches["reason"] == "contract")]
    assert set(own["path"]) == set(withdrawn["path"])
    assert all(counts[name] == unexpected[name] for name in about_images)


def test_so_does_the_manifest_rule_by_rule(unexpected, manifest):
    named = manifest["breaks"].dropna().str.split("; ").explode().str.split(": ", n=1).str[1].value_counts()
    assert {UNFIT, COPIES, CONFLICTS, WITHDRAWN} <= set(named.index)
    assert all(unexpected[name] == count for name, count in named.items())


def test_so_do_data_docs(summary, unexpected):
    pages = summary.paths.data_docs.parent.glob("validations/**/*.html")
    words = " ".join(read_as_words(page) for page in pages)
    told = dict.fromkeys((UNFIT, COPIES, CONFLICTS), r"([\d,]+) unexpected values found")
    for name, sentence in (told | {WITHDRAWN: r"Images that break it: ([\d,]+)\."}).items():
        shown = re.search(sentence, words.split(f" {name} ")[1])
        assert shown and int(shown[1].replace(",", "")) == unexpected[name], name


def test_so_does_the_report(summary, unexpected, manifest):
    words = read_as_words(summary.paths.report)
    for name in (UNFIT, COPIES, CONFLICTS):
        (check,) = (c for c in summary.validation.checks if c.expectation == name)
        assert check.observed.startswith(f"{unexpected[name]} of {len(manifest)} ")
        assert f"Found: {check.observed}" in words.replace("\N{NO-BREAK SPACE}", " ")
    for reason, count in manifest["reason"].value_counts().items():
        assert f" {reason} {count} " in words


def test_so_does_the_page_of_prefect(summary):
    asked = {"artifacts": {"key": {"any_": ["validate"]}, "flow_run_id": {"any_": [summary.prefect.flow_run_id]}}}
    (shown,) = httpx.post(f"{summary.prefect.api_url}/artifacts/filter", json=asked, timeout=10).json()
    for check in summary.validation.checks:
        assert f"| {check.expectation} | {check.bound} | {check.observed} |" in shown["data"]


def test_every_planted_fault_is_named_and_rightly(cells, summary, manifest, apart):
    pairs = pd.read_parquet(summary.paths.pairs)
    said = said_of(manifest, apart, set(pairs["first"]) | set(pairs["second"]))
    planted = pd.read_csv(cells / "faults.csv").set_index("path")["reason"].to_dict()
    assert len(planted) > 40 and planted.items() <= said.items()
    others = {path: word for path, word in said.items() if path not in planted}
    originals = [path for path, word in others.items() if word == "near_duplicate"]  # of the planted copies
    assert len(originals) == sum(word == "near_duplicate" for word in planted.values())
    assert others.keys() - set(originals) == {"truth.csv", "faults.csv"}


def test_every_entry_of_the_folder_is_a_row_or_set_apart(cells, summary, manifest, apart):
    entries = [file for file in cells.rglob("*") if file.is_symlink() or not file.is_dir()]
    named = [file_at(cells, path) for path in (*manifest["path"], *apart["path"])]
    assert sorted(named) == sorted(entries)
    counts = summary.dataset
    assert counts.images + counts.quarantined + counts.review + counts.ignored + counts.links == len(entries)
