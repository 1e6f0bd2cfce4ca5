"""Tables on the terminal have their columns below each other."""

from flows.tables import aligned


def test_columns_are_below_each_other_and_the_last_one_is_not_filled_up() -> None:
    assert aligned([("format", "kB", "note"), ("litert-int8", "112", "-")]) == [
        "format       kB   note",
        "litert-int8  112  -",
    ]
