"""The bundle: all that serving needs, and a copy of it at another threshold."""

import json

from smearflow.models.bundles import add_facts, at_threshold


def test_a_bundle_is_copied_with_the_threshold_it_shall_decide_at(tmp_path):
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "model.json").write_text(json.dumps({"name": "compact", "threshold": 0.5}))
    (bundle / "serving.py").write_text("# serves\n")
    copy = at_threshold(bundle, 0.37, tmp_path / "copy")
    assert json.loads((copy / "model.json").read_text()) == {"name": "compact", "threshold": 0.37}
    assert (copy / "serving.py").read_text() == "# serves\n"
    assert json.loads((bundle / "model.json").read_text())["threshold"] == 0.5


def test_facts_are_added_to_those_that_are_known_and_none_says_nothing(tmp_path):
    (tmp_path / "model.json").write_text(json.dumps({"name": "compact", "threshold": 0.5}))
    add_facts(tmp_path, threshold=0.4, unsure=(0.3, 0.6), calibration=None)
    told = json.loads((tmp_path / "model.json").read_text())
    assert told == {"name": "compact", "threshold": 0.4, "unsure": [0.3, 0.6]}
