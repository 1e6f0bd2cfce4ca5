"""Errors say what happened and what to do, and with which status the command ends."""

import pytest

from smearflow import errors
from smearflow.errors import DataError, MissingPart, SettingsError, SmearflowError, TrainingError


def test_an_error_is_what_happened_and_the_way_out():
    error = MissingPart("VGG19: no weights in ~/.keras", "set SMEARFLOW_WEIGHTS_DIR")
    assert str(error) == "VGG19: no weights in ~/.keras\nset SMEARFLOW_WEIGHTS_DIR"
    assert str(DataError("No images")) == "No images"


@pytest.mark.parametrize(("kind", "status"), [(SettingsError, 2), (MissingPart, 2), (DataError, 1), (TrainingError, 1)])
def test_the_kind_of_error_is_the_exit_status(kind, status):
    assert kind("x").exit_status == status


def test_only_a_trainer_that_may_do_better_is_worth_another_try():
    assert TrainingError("killed").retryable
    assert not TrainingError("weights don't fit", permanent=True).retryable
    assert not SettingsError("x").retryable


def test_every_error_stands_in_the_tree_that_the_module_draws():
    classes = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, SmearflowError)]
    for kind in classes:
        assert kind.__name__ in str(errors.__doc__)
