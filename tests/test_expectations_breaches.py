"""Which image breaks which rule, row by row, and what the manifest says of it then."""

from dataclasses import replace

from drawn_manifests import sound
from drawn_suite import suite

from expectations.breaches import breaches_of, marked, with_rows
from expectations.engine import Result
from expectations.rule import Rule
from smearflow.settings import Data, Quality

(CONSENT,) = suite(Data(), Quality())
LIGHT = Rule("light", "cells are bright", "", "warning", "why.", "fix.", "ExpectColumnValuesToBeBetween", "brightness")


def found(*rows: str) -> Result:
    return Result(passed=True, elements=200, unexpected=len(rows), values=(), rows=rows)


def test_a_row_that_breaks_two_rules_names_both_and_is_left_out_for_the_one_that_quarantines() -> None:
    manifest = sound()
    first, second = manifest["path"][:2]
    breaches = breaches_of({0: LIGHT, 1: CONSENT}, {0: found(first, second), 1: found(first)})
    rows = marked(manifest, breaches).set_index("path")
    assert rows.loc[first, "breaks"] == f"light: cells are bright; {CONSENT.name}"
    assert rows.loc[first, ["reason", "error"]].tolist() == ["contract", f"breaks {CONSENT.name}"]
    assert rows.loc[second, "breaks"] == "light: cells are bright"
    assert rows["reason"].notna().sum() == 1 and rows["breaks"].notna().sum() == 2


def test_a_row_that_was_left_out_before_keeps_its_reason_and_its_error() -> None:
    manifest = sound()
    manifest.loc[0, ["reason", "error"]] = ["truncated", "cut off"]
    row = marked(manifest, breaches_of({0: CONSENT}, {0: found(manifest["path"][0])})).iloc[0]
    assert (row["reason"], row["error"], row["breaks"]) == ("truncated", "cut off", CONSENT.name)


def test_where_nothing_is_broken_the_manifest_stays_what_it_was() -> None:
    manifest = sound()
    rows = marked(manifest, breaches_of({0: CONSENT}, {0: found()}))
    assert rows.equals(manifest) and rows.dtypes.equals(manifest.dtypes)


def test_breaches_tell_the_reason_that_the_contract_gave() -> None:
    manifest = sound()
    breaches = breaches_of({3: CONSENT, 1: replace(LIGHT, severity="critical")}, {1: found("b"), 3: found("a")})
    assert breaches["path"].tolist() == ["b", "a"], "in the rules' order"
    breaches = breaches_of({0: CONSENT}, {0: found(manifest["path"][4])})
    (row,) = with_rows(breaches, marked(manifest, breaches)).itertuples()
    assert (row.path, row.sha256, row.reason) == (manifest["path"][4], manifest["sha256"][4], "contract")
