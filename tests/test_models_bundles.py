"""The bundle: all that serving needs, and a copy of it at another threshold."""

import json

from smearflow.models.bundles import at_threshold


def test_a_bundle_is_copied_with_the_threshold_it_shall_decide_at(tmp_path):
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "model.json").write_text(json.dumps({"name": "compact", "threshold": 0.5}))
    (bundle / "serving.py").write_text("# serves\n")
    copy = at_threshold(bundle, 0.37, tmp_path / "copy")
    assert json.loads((copy / "model.json").read_text()) == {"name": "compact", "threshold": 0.37}
    assert (copy / "serving.py").read_text() == "# serves\n"
    assert json.loads((bundle / "model.json").read_text())["threshold"] == 0.5
