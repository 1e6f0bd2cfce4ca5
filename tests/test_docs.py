"""The docs say what the code knows: generated pages are fresh, and each command and setting is found."""

from pathlib import Path

import pytest

from docs.generate import DOCS, PAGES
from flows.cli import parser

README = (DOCS.parent / "README.md").read_text()


@pytest.mark.parametrize("name", PAGES)
def test_generated_pages_are_fresh(name):
    assert (DOCS / name).read_text() == PAGES[name](), "run `make docs`"


def test_every_verb_is_in_the_readme():
    verbs = next(action.choices for action in parser()._actions if action.dest == "verb")
    missing = [verb for verb in verbs if f"smearflow {verb}" not in README and f"`{verb}`" not in README]
    assert missing == []


def test_links_between_pages_lead_somewhere():
    for page in [DOCS.parent / "README.md", *DOCS.glob("*.md")]:
        for target in [part.split(")")[0] for part in page.read_text().split("](")[1:]]:
            if not target.startswith(("http", "#")):
                assert (page.parent / Path(target.split("#")[0])).exists(), f"{page.name}: {target}"
