"""The lines of `smearflow models`: tables that a person can read, whatever is in the ledger."""

from flows.model_history import comparison_lines, history_lines, proof_lines
from smearflow.registry.verifying import Proof

DECISION = {
    "when": "2026-11-29T01:20:00+00:00",
    "decision": "rolled_back",
    "version": 2,
    "model": "compact",
    "test": {"auc": [0.9876, 0.97, 0.99], "sensitivity": [None, None, None]},
    "who": None,
    "forced": True,
    "recovered": True,
    "why": "w" * 300,
}


def test_a_decision_is_one_line_with_what_is_known_of_it() -> None:
    lines = history_lines("cells", {"versions": [], "decisions": [DECISION]})
    assert lines[-1].split("  ")[0] == "2026-11-29 01:20"
    assert "rolled back (forced, recovered)  2         compact  -            -            0.988  -   " in lines[-1]
    assert lines[-1].endswith("w" * 97 + "...")


def test_times_as_champion_are_spans() -> None:
    spans = [
        {"since": None, "until": "2026-11-29T01:20:00+00:00"},
        {"since": "2026-11-30T01:20:00+00:00", "until": None},
    ]
    one = {"version": 1, "model": "compact", "made": "2026-11-28T01:20:00+00:00", "held": spans}
    lines = history_lines("cells", {"versions": [one, {**one, "version": 2, "held": []}], "decisions": []})
    assert lines[3].endswith("the beginning to 2026-11-29 01:20, 2026-11-30 01:20 to now")
    assert lines[4].endswith("never")


def test_what_is_wrong_comes_first() -> None:
    proof = Proof(entries=3, versions=1, files=7, elsewhere=2, wrong=("Version 1 (entry 2): a is gone.",))
    assert proof_lines(proof) == [
        "wrong     Version 1 (entry 2): a is gone.",
        "chain     3 entries of the ledger, each continuing the one before",
        "left out  2 entries about other names or registries: their files weren't read",
    ]


def test_without_a_ledger_nothing_is_called_proved() -> None:
    assert proof_lines(Proof(0, 0, 0, 0, ())) == ["nothing   There is no decision on record that could be proved."]


def test_a_comparison_has_its_signs_and_says_what_was_not_measured() -> None:
    figures = {"auc": {"value": 0.01, "low": -0.02, "high": 0.04}, "brier": {"value": None, "low": None, "high": None}}
    told = {"versions": [2, 1], "images": 1200, "groups": 30, "difference": figures, "run": "20261129-012000-aaaa"}
    lines = comparison_lines({**told, "only_candidate": 12, "only_other": 3, "chance": 0.035})
    assert lines[0] == "version 2 minus version 1, on 1,200 test images of 30 patients"
    assert lines[1] == "auc               +0.0100 (-0.0200 to +0.0400)"
    assert lines[2] == "brier             not measured"
    assert lines[3] == "right alone       version 2 on 12, version 1 on 3"
