"""The digest of the code that a stage reaches: it changes with a helper, however deep."""

import pytest

from smearflow import provenance
from smearflow.provenance import code_digest, lock_digest, reached


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A small checkout: tasks.scan imports smearflow.images, which imports smearflow.deep in a function."""
    for room in ("tasks", "smearflow"):
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text("")
    (tmp_path / "tasks" / "scan.py").write_text("import os\nfrom smearflow.images import measure\n")
    (tmp_path / "smearflow" / "images.py").write_text("def measure():\n    from smearflow import deep\n")
    (tmp_path / "smearflow" / "deep.py").write_text("import smearflow.images\nVALUE = 1\n")
    (tmp_path / "smearflow" / "apart.py").write_text("VALUE = 1\n")
    monkeypatch.setattr(provenance, "CHECKOUT", tmp_path)
    return tmp_path


def test_imports_are_followed_into_functions_and_round_circles(checkout):
    assert reached(["tasks.scan"]) == {"tasks.scan", "smearflow", "smearflow.images", "smearflow.deep"}


def test_a_changed_helper_changes_the_digest(checkout):
    before = code_digest("tasks.scan")
    (checkout / "smearflow" / "deep.py").write_text("import smearflow.images\nVALUE = 2\n")
    assert code_digest("tasks.scan") != before


def test_so_does_the_template_of_a_helper(checkout):
    before = code_digest("tasks.scan")
    (checkout / "smearflow" / "deep.html").write_text("<p>")
    assert code_digest("tasks.scan") != before


def test_code_that_is_not_reached_does_not(checkout):
    before = code_digest("tasks.scan")
    (checkout / "smearflow" / "apart.py").write_text("VALUE = 2\n")
    assert code_digest("tasks.scan") == before


def test_the_real_training_stage_reaches_the_trainer_and_the_network():
    modules = reached(["tasks.train", "smearflow.models.trainer"])
    assert {"smearflow.models.networks", "smearflow.models.augmentation", "smearflow.registry.serving"} <= modules


def test_the_lock_is_part_of_a_key():
    assert len(lock_digest()) == 64
