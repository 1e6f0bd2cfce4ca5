"""Whose a cell is, told by its name."""

import re

import pandas as pd
import pytest

from smearflow.data.groups import assign_groups, group_of
from smearflow.errors import UsageError
from smearflow.settings import Data

NLM = re.compile(r"^(C\d+)")
NAMES = [
    "C104P65ThinF_IMG_20150918_171751_cell_186.png",
    "C201ThinF_IMG_20150930_1.png",
    "C68P29N_ThinF_IMG_1.png",
    "C51AP12thinF_IMG_1.png",
    "C39P4thinF_original_IMG_1.png",
    "C47P8thinOriginalOlympusCX21_IMG_1.png",
    "C167P128ReThinF_IMG_1.png",
]


def series(paths: list[str]) -> pd.Series:
    return pd.Series(paths, dtype="string")


def groups(paths: list[str], data: Data, needed: bool = True) -> list[object]:
    return assign_groups(series(paths), pd.Series([needed] * len(paths)), data).tolist()


def test_the_patient_is_what_stands_between_c_and_the_first_other_letter() -> None:
    assert [group_of(name, NLM) for name in NAMES] == ["C104", "C201", "C68", "C51", "C39", "C47", "C167"]


def test_the_pattern_sees_the_file_name_only() -> None:
    assert group_of("C1_folder/C2_cell.png", NLM) == "C2"
    assert group_of("C1_folder/cell.png", NLM) is None


def test_an_empty_bracket_tells_no_group() -> None:
    assert group_of("cell.png", re.compile(r"^(\d*)")) is None


def test_groups_keep_the_order_of_the_paths() -> None:
    assert groups(["b/C2x.png", "a/C1x.png"], Data()) == ["C2", "C1"]


def test_by_image_every_image_is_its_own_group_whatever_its_name() -> None:
    paths = ["b/x.png", "a/C1x.png"]
    assert groups(paths, Data(group="image")) == paths


def test_names_that_tell_no_group_are_refused_with_the_ways_out() -> None:
    paths = ["a/C1.png", *(f"a/img{number}.png" for number in range(4))]
    with pytest.raises(UsageError) as caught:
        groups(paths, Data())
    said = str(caught.value)
    assert caught.value.what.startswith("4 of 5 images")
    assert "a/img0.png, a/img1.png, a/img2.png, ..." in said
    assert "img3" not in said
    assert all(word in said for word in ("^(C", "data.group_pattern", "data.group=image"))


def test_a_row_that_is_left_out_needs_no_group() -> None:
    assert groups(["a/C1.png", "a/img.png"], Data(), needed=False) == ["C1", pd.NA]
