"""The verdict over a batch, in words that say what to do."""

import pandas as pd
import pytest

from smearflow.data.groups import patients_of
from smearflow.monitoring.judging import Judgement, judge
from smearflow.settings import Data, Evaluation, QualityCheck, Settings
from tests.drawn_patients import darker, patients, reference

SETTINGS = Settings(evaluation=Evaluation(bootstrap=100), quality_check=QualityCheck(resamples=500))


def judged(cells: pd.DataFrame, *broken: str) -> Judgement:
    return judge(cells, reference(), 0.5, broken, SETTINGS)


def test_a_good_batch_is_ok_and_needs_nothing():
    found = judged(patients(12, seed=2))
    assert (found.verdict, found.patients, found.reference_patients, found.strangers) == ("ok", 12, 40, 0)
    assert found.why == "Cells of 12 patients look as those of 40 unseen patients did."
    assert found.next == "Nothing to do."


def test_a_dark_batch_is_an_alarm_that_says_what_differs():
    found = judged(darker(patients(12, seed=2), 0.75))
    assert found.verdict == "alarm"
    assert "brightness is lower" in found.why
    assert "Don't rely on the champion" in found.next


def test_with_too_few_patients_there_is_no_number_but_a_sentence():
    found = judged(darker(patients(4, seed=2), 0.75))
    assert (found.verdict, found.checks) == ("ok", ())
    assert found.why == "Not enough patients to compare: 4, and 5 are needed."
    assert "more patients" in found.next


def test_a_broken_contract_is_an_alarm_with_few_patients_too():
    found = judged(patients(4, seed=2), "files can be used as images of cells (at most 5 % can't), found 3 of 9")
    assert found.verdict == "alarm"
    assert found.why.startswith("The batch breaks the data contract: files can be used")


def test_labels_give_accuracy_with_an_interval_beside_the_champions_own():
    accuracy = judged(patients(12, seed=2)).figures["accuracy"]
    assert accuracy.low < accuracy.value < accuracy.high
    assert accuracy.value == pytest.approx(0.95, abs=0.05) and accuracy.champion == pytest.approx(0.95, abs=0.05)


def test_without_labels_there_is_none():
    assert judged(patients(12, seed=2).assign(label=pd.NA)).figures == {}


def test_cells_whose_name_tells_no_patient_are_left_out_and_counted():
    strangers = patients(1, seed=3).assign(path=[f"cell_{n}.png" for n in range(20)])
    found = judged(pd.concat([patients(12, seed=2), strangers], ignore_index=True))
    assert (found.verdict, found.patients, found.strangers) == ("warning", 12, 20)  # 20 of 260 are more than 5 %
    assert "20 of 260 cells tell no patient by their name" in found.why
    assert "data.group_pattern" in found.next
    few = judged(pd.concat([patients(12, seed=2), strangers.head(3)], ignore_index=True))
    assert few.verdict == "ok" and "3 of 243" in few.why


def test_a_batch_without_one_cell_that_can_be_used_is_judged_by_its_contract():
    found = judged(patients(1, seed=2).head(0), "there are images that can be used")
    assert (found.verdict, found.patients, found.figures) == ("alarm", 0, {})


def test_where_every_image_stands_for_itself_images_are_compared():
    assert patients_of(pd.Series(["a.png", "b.png"]), Data(group="image")).tolist() == ["a.png", "b.png"]
