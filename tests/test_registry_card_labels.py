"""What a card says of its labels."""

import pytest

from smearflow.data.manifest import LABEL_SOURCES
from smearflow.registry.card_labels import SAID, UNREVIEWED, review_of


@pytest.mark.parametrize("labelled", [{}, {"given": 600}, {"given": 600, "kept": 0}])
def test_where_nobody_looked_it_says_so(labelled: dict[str, int]) -> None:
    assert review_of(labelled, 0) == UNREVIEWED


def test_one_person_is_a_person() -> None:
    told = review_of({"given": 1999, "excluded": 1}, 1)
    assert told == (
        "1\xa0person looked at 1 of 2,000 labels: 1 excluded with their cells. All others are as they were given."
    )


def test_it_has_words_for_all_that_people_say() -> None:
    assert {"given", *SAID} == set(LABEL_SOURCES)
