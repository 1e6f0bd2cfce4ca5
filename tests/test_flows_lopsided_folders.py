"""`smearflow validate` of folders that lack a class, in one way or another: which one is said, and no more."""

import pytest
from drawn_cells import cell, encoded


@pytest.fixture
def infected_only(tmp_path):
    """A folder of sixty infected cells of six patients."""
    (tmp_path / "cells" / "Parasitized").mkdir(parents=True)
    for number in range(60):
        path = tmp_path / "cells" / "Parasitized" / f"C{number % 6}P1_cell_{number}.png"
        path.write_bytes(encoded(cell(number)))
    return tmp_path / "cells"


def refused(done) -> str:
    """What is said of a folder that can't be trained on."""
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "Parasitized 60, Uninfected 0" in done.stderr and "each class has enough images" in done.stderr
    return done.stderr


def test_a_class_that_is_absent_is_named(smearflow, infected_only):
    refused(smearflow("validate", infected_only))
    (infected_only / "Uninfected").mkdir()
    refused(smearflow("validate", infected_only))


def test_a_class_of_broken_files_only_is_named_with_them(smearflow, infected_only):
    (infected_only / "Uninfected").mkdir()
    for number in range(8):
        (infected_only / "Uninfected" / f"C{number}P1.png").write_bytes(b"")
    said = refused(smearflow("validate", infected_only))
    assert "no class lost many files" in said and "Uninfected 100 %" in said and "zero_bytes 8" in said
