"""Data Docs as they lie on disk: whole without a network and without scripts, and saying what the contract says."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from drawn_manifests import sound

from expectations.contract import Contract, check
from smearflow.data.manifest import as_manifest
from smearflow.settings import Data, Quality

EVIL = "Parasitized/C1_<img src=x onerror=alert(1)>.png"


class Addresses(HTMLParser):
    """Collects what a page loads or leads to, and the scripts that it would run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [value or "" for name, value in attrs if name in ("href", "src", "action", "poster", "srcset")]
        self.scripts += tag == "script" or any(name.startswith("on") for name, _ in attrs)


def spoilt() -> pd.DataFrame:
    """A manifest of 200 rows: 30 truncated, 3 grey, of which one has a name that is markup."""
    manifest = sound()
    manifest.loc[:29, "reason"] = "truncated"
    manifest.loc[40:42, "mode"] = "L"
    manifest.loc[41, "path"] = EVIL
    return as_manifest(manifest)


@pytest.fixture(scope="module")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return check(spoilt(), Data(), Quality(), tmp_path_factory.mktemp("validate"))[0]


@pytest.fixture(scope="module")
def pages(contract: Contract) -> dict[Path, str]:
    assert contract.docs is not None
    return {page: page.read_text() for page in contract.docs.parent.rglob("*") if page.is_file()}


def words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_pages_are_all_that_is_written_and_they_ask_for_nothing_outside(pages: dict[Path, str]) -> None:
    assert {page.suffix for page in pages} == {".html"}
    for page, text in pages.items():
        seen = Addresses()
        seen.feed(text)
        assert seen.scripts == 0 and "//" not in text.replace("<!doctype", "").split("</style>")[1], page
        local = [address for address in seen.found if not address.startswith(("#", "data:"))]
        assert all((page.parent / address).resolve() in pages for address in local), page


def test_every_page_is_reached_from_the_index(contract: Contract, pages: dict[Path, str]) -> None:
    seen = Addresses()
    seen.feed(pages[contract.docs])
    assert len([a for a in seen.found if a.endswith(".html")]) == len(pages) - 1 == 12


def test_verdicts_are_words_not_pictures(pages: dict[Path, str]) -> None:
    (found,) = (words(text) for page, text in pages.items() if page.stem == "files_of_images-images")
    assert "✗ critical files can be used as images of cells" in found
    assert "✗ warning" not in found and "! warning every file can be used as an image of a cell" in found
    assert "✓ holds there are images" in found
    assert "The table as a whole" in found and "Data asset: None" not in found


def test_a_line_says_why_which_setting_gives_its_bound_and_how_to_mend_it(pages: dict[Path, str]) -> None:
    (found,) = (words(text) for page, text in pages.items() if page.stem == "files_of_images-images")
    assert "Many broken files point to a copy that went wrong" in found
    assert "Bound: at most 5 % can't, set by quality.max_quarantined." in found
    assert "Copy the images again from where they came from" in found
    assert "30 unexpected values found. 15% of 200 total rows." in found


def test_a_file_name_that_is_markup_is_shown_and_not_run(pages: dict[Path, str]) -> None:
    (found,) = (text for page, text in pages.items() if page.stem == "images_of_images-images")
    assert "C1_&lt;img src=x onerror=alert(1)&gt;.png" in found and "<img" not in found
