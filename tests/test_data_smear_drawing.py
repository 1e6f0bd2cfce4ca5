"""One drawn cell: black outside its outline, as large as its crop, in its patient's stain."""

import numpy as np
import pytest

from smearflow.data.smear_drawing import Cell, draw_cell, draw_slide, lay_marks
from smearflow.data.smear_marks import DISTRACTORS, PARASITES


def cells(patient: int, count: int, infected: bool) -> list[Cell]:
    slide = draw_slide(np.random.default_rng(patient))
    return [draw_cell(np.random.default_rng([patient, number]), slide, infected) for number in range(count)]


def mean_colour(cell: Cell) -> np.ndarray:
    return cell.picture[cell.picture.any(-1)].mean(0)


def test_the_crop_is_the_bounding_box_of_the_cell() -> None:
    for cell in cells(0, 40, infected=True):
        inside = cell.picture.any(-1)
        assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
        assert 0.4 < inside.mean() < 0.9


def test_an_infected_cell_has_a_box_a_parasite_and_an_uninfected_one_none() -> None:
    assert all(1 <= len(cell.boxes) <= 3 for cell in cells(1, 40, infected=True))
    assert not any(cell.boxes for cell in cells(1, 40, infected=False))


def test_both_classes_carry_distractors() -> None:
    for infected in True, False:
        kinds = {kind for cell in cells(2, 80, infected) for kind in cell.kinds}
        assert {"platelet", "specks", "bubble"} <= kinds


def test_cells_of_a_patient_look_alike() -> None:
    colours = np.array([[mean_colour(cell) for cell in cells(patient, 12, False)] for patient in range(12)])
    within, between = colours.std(axis=1).mean(), colours.mean(axis=1).std(axis=0).mean()
    assert between > 2 * within


@pytest.mark.parametrize("patient", range(3))
def test_the_same_draw_gives_the_same_picture(patient: int) -> None:
    first, second = (cells(patient, 1, infected=True)[0] for _ in range(2))
    assert np.array_equal(first.picture, second.picture) and first.boxes == second.boxes


@pytest.mark.parametrize("seed", range(20))
def test_a_cell_that_fills_its_canvas_has_room_for_what_hangs_over(seed: int) -> None:
    draw = np.random.default_rng(seed)
    purple = np.array([0.36, 1.05, 0.2], np.float32)
    marks = [maker(draw, 130.0, purple) for maker in PARASITES + DISTRACTORS]
    mask, density, places = lay_marks(draw, np.ones((90, 90), np.uint8), marks)
    assert density.shape == (*mask.shape, 3)
    assert np.isclose(density.sum(), sum(mark.density.sum() for mark in marks), rtol=1e-3)
    for mark, (x, y) in zip(marks, places, strict=True):
        assert mask[y : y + len(mark.body), x : x + len(mark.body)][mark.body & mark.attached].all()
