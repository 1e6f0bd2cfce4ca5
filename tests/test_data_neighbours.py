"""The cells nearest on the slide, some of each label."""

import pandas as pd

from smearflow.data.neighbours import Neighbours


def slide(count: int, group: str = "C1") -> pd.DataFrame:
    names = [f"Parasitized/{group}P1_cell_{number}.png" for number in range(1, count + 1)]
    given = ["Parasitized" if number % 2 else "Uninfected" for number in range(1, count + 1)]
    cells = {"path": names, "sha256": [f"{group}-{number}" for number in range(1, count + 1)], "given": given}
    return pd.DataFrame({**cells, "group": group})


def test_the_nearest_numbers_of_each_label():
    assert Neighbours(slide(40)).of("C1-20") == [
        ("Parasitized", ["C1-17", "C1-19", "C1-21", "C1-23"]),
        ("Uninfected", ["C1-16", "C1-18", "C1-22", "C1-24"]),
    ]


def test_at_the_end_of_a_slide_the_nearest_before_it():
    (_, infected), (_, sound) = Neighbours(slide(40)).of("C1-40")
    assert infected == ["C1-33", "C1-35", "C1-37", "C1-39"] and sound == ["C1-32", "C1-34", "C1-36", "C1-38"]


def test_never_the_cell_itself_nor_another_patients():
    both = pd.concat([slide(3), slide(9, "C2")], ignore_index=True)
    assert Neighbours(both).of("C1-1") == [("Parasitized", ["C1-3"]), ("Uninfected", ["C1-2"])]


def test_twice_as_many_where_nothing_has_a_label():
    ((label, found),) = Neighbours(slide(40).assign(given=None)).of("C1-20")
    assert label == "" and len(found) == 8 and "C1-20" not in found
