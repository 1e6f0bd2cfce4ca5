"""Suites of a team's own: the example of the docs runs, and what is wrong with one is told before any work."""

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pandas as pd
import pytest
from drawn_manifests import sound

from expectations.contract import check
from expectations.extensions import find_extensions
from smearflow.errors import SettingsError
from smearflow.settings import Data, Quality
from tasks.validate import validate

DOCS = (Path(__file__).parent.parent / "docs" / "contract.md").read_text()
EXAMPLE, PAIR, OWN = (block.split("```")[0] for block in DOCS.split("```python\n")[1:])
RULE = "from expectations.rule import Rule\ndef suite(data, quality): return (Rule('s', 'x is y', 'b', 'warning', "
RULE += "'why.', 'fix.', {}),)"


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Quality]]:
    """Writes a module our_suite and gives the settings that name it."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str) -> Quality:
        (tmp_path / "our_suite.py").write_text(source)
        sys.modules.pop("our_suite", None)
        importlib.invalidate_caches()
        return Quality(suites=("our_suite:suite",))

    yield write
    sys.modules.pop("our_suite", None)
    sys.modules.pop("our_expectations", None)


def dark(images: int) -> pd.DataFrame:
    manifest = sound().assign(brightness=120.0)
    manifest.loc[: images - 1, "brightness"] = 40.0
    return manifest


def test_the_example_of_the_docs_runs(written: Callable[[str], Quality], tmp_path: Path) -> None:
    quality = written(EXAMPLE)
    extensions = find_extensions(Data(), quality)
    manifest = dark(5)
    contract, rows = check(manifest, Data(), quality, tmp_path / "out", extensions=extensions)
    light, names = [c for c in contract.checks if c.suite == "microscope"]
    assert not contract.passed and light.observed == "5 of 200 (2.5 %): 40.0 5"
    assert light.first == tuple(manifest["path"][:5]) and names.passed
    assert rows["reason"].tolist()[:6] == ["contract"] * 5 + [pd.NA]
    assert (tmp_path / "out/data_docs/expectations/microscope_of_images.html").exists()


def test_so_does_an_expectation_with_a_condition_of_its_own(written: Callable[[str], Quality], tmp_path: Path) -> None:
    (tmp_path / "our_expectations.py").write_text(OWN)
    quality = written(f"from expectations.rule import Rule\ndef suite(data, quality):\n    return ({PAIR},)")
    manifest = sound()
    manifest.loc[3, ["width", "height"]] = [150, 60]
    manifest.loc[4, ["width", "height"]] = [None, 60]
    extensions = find_extensions(Data(), quality)
    contract, rows = check(manifest, Data(), quality, tmp_path / "out", extensions=extensions)
    (found,) = [c for c in contract.checks if c.suite == "microscope"]
    assert (found.passed, found.observed, found.first) == (False, "1 of 199 (0.5 %)", (manifest["path"][3],))
    assert rows["reason"][3] == "contract"
    (page,) = (tmp_path / "out/data_docs/validations/microscope_of_images").rglob("*.html")
    assert "Width and height differ by less than half." in page.read_text()


def test_of_an_unlabelled_folder_rules_about_labels_are_left_out(written: Callable[[str], Quality]) -> None:
    quality = written(RULE.format("'ExpectColumnValuesToBeBetween', 'images', 'classes', {'min_value': 1}"))
    extensions = find_extensions(Data(), quality)
    found, _ = check(sound(), Data(), quality, None, labels_required=False, extensions=extensions)
    assert {c.suite for c in found.checks} == {"files", "images"}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("suite = 3", "our_suite has no function suite"),
        ("import nowhere_to_be_found", "can't be imported"),
        ("def suite(data): return ()", "it failed with TypeError"),
        ("def suite(data, quality): return None", "it failed with TypeError"),
        ("def suite(data, quality): return ['bright enough']", "'bright enough', which is no Rule"),
        (
            RULE.format("'ExpectColumnValuesToBeBetwen', 'width'"),
            "'x is y' can't be run as ExpectColumnValuesToBeBetwen",
        ),
        (RULE.format("'ExpectColumnValuesToBeBetween', 'widht'"), "names the column 'widht'"),
        (
            RULE.format("'ExpectColumnPairValuesToBeEqual', arguments={'column_A': 'width', 'column_B': 'hight'}"),
            "names the column 'hight'",
        ),
        (RULE.format("'our_suite:Own', 'width'"), "can't be run as our_suite:Own"),
        (RULE.format("'ExpectColumnValuesToBeBetween', 'width', 'images', {'least': 3}"), "can't be run as"),
        (
            RULE.format("'ExpectColumnMeanToBeBetween', 'width', 'images', {'min_value': 3}, quarantines=True"),
            "'x is y' quarantines, but ExpectColumnMeanToBeBetween over images says of no image that it breaks it",
        ),
        (
            RULE.format("'ExpectColumnValuesToNotBeNull', 'label', 'classes', quarantines=True"),
            "over classes says of no image",
        ),
    ],
)
def test_what_is_wrong_with_one_is_told_with_its_name(
    written: Callable[[str], Quality], source: str, told: str
) -> None:
    with pytest.raises(SettingsError, match=r"quality\.suites = 'our_suite:suite'") as raised:
        find_extensions(Data(), written(source))
    assert told in raised.value.what and raised.value.exit_status == 2 and raised.value.fix.endswith(".")


def test_a_changed_rule_is_checked_anew(written: Callable[[str], Quality]) -> None:
    kinds = ("'ExpectColumnValuesToNotBeNull', 'width'", "'ExpectColumnValuesToNotBeNull', 'height'")
    first, second = (find_extensions(Data(), written(RULE.format(kind))) for kind in kinds)
    assert first[0].name == second[0].name and first[0].digest != second[0].digest


def test_names_are_of_the_form_module_and_function() -> None:
    with pytest.raises(ValueError, match="pattern"):
        Quality(suites=("our_suite",))


def test_the_stage_runs_the_modules_that_only_great_expectations_loads() -> None:
    assert {"expectations.docs_entry", "expectations.determines"} <= set(validate.code)
