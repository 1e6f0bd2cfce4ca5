"""The bundle: what it says of itself beside its network."""

import json

from smearflow.models.bundles import add_facts


def test_facts_are_added_to_those_that_are_known_and_none_says_nothing(tmp_path):
    (tmp_path / "model.json").write_text(json.dumps({"name": "compact", "threshold": 0.5}))
    add_facts(tmp_path, threshold=0.4, unsure=(0.3, 0.6), calibration=None)
    told = json.loads((tmp_path / "model.json").read_text())
    assert told == {"name": "compact", "threshold": 0.4, "unsure": [0.3, 0.6]}
