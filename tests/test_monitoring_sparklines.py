"""Sparklines: as many steps as can be told apart, what is usual behind them, what was off on top."""

from smearflow.monitoring.sparklines import MOST, Step, spark


def test_an_alarm_has_a_shape_of_its_own_and_the_last_step_a_dot():
    drawn = spark("red", "mean", 1, [Step(180, "ok"), Step(130, "alarm"), Step(181, "ok")], (170, 190)).svg
    assert drawn.count('<rect class="off alarm"') == 1 and drawn.count("<circle") == 1
    assert "usual is 170.0 to 190.0" in drawn


def test_one_step_and_no_band_can_be_drawn():
    found = spark("accuracy", "share", 3, [Step(0.95, "ok")], (None, None))
    assert (found.last, found.usual) == ("0.950", "") and "usual" not in found.svg


def test_a_bound_on_one_side_is_open_on_the_other():
    found = spark("share right", "share", 2, [Step(0.95, "ok"), Step(0.9, "warning")], (0.92, None))
    assert found.usual == "0.92 or more" and found.verdict == "warning"


def test_only_the_last_steps_are_drawn():
    drawn = spark("red", "mean", 0, [Step(float(n), "ok") for n in range(500)], (None, None)).svg
    assert len(drawn.split('points="')[1].split('"')[0].split()) == MOST
