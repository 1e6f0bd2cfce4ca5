"""One model of settings: what it refuses, and what a result depends on."""

import pytest
from pydantic import BaseModel, ValidationError

from smearflow.settings import Data, Model, Quality, QualityCheck, Section, Settings, Split, Train


def sections(model: type[BaseModel] = Settings) -> list[type[BaseModel]]:
    inner = [f.annotation for f in model.model_fields.values() if isinstance(f.annotation, type)]
    found = [section for section in inner if issubclass(section, Section)]
    return [model, *(deeper for section in found for deeper in sections(section))]


@pytest.mark.parametrize("section", sections(), ids=lambda s: s.__name__)
def test_every_setting_says_what_it_is(section):
    for name, field in section.model_fields.items():
        assert field.description, f"{section.__name__}.{name}"


def test_the_first_names_are_the_public_ones():
    fixed = ["data", "quality", "split", "augment", "models", "weights", "train", "lecture", "evaluation", "gate"]
    live = ["quality_check", "live", "notify", "duplicates", "keep", "workers", "ensembles", "labels"]
    assert list(Settings.model_fields) == [*fixed, "registry", "report", *live]


def test_a_bare_name_stands_for_a_model_with_its_defaults():
    settings = Settings.model_validate({"models": ["compact", {"name": "MobileNetV2", "cut": "block_6_expand_relu"}]})
    assert settings.models == (Model(name="compact"), Model(name="MobileNetV2", cut=("block_6_expand_relu",)))


@pytest.mark.parametrize(
    ("section", "values", "told"),
    [
        (Data, {"classes": ["a", "b", "c"]}, "two classes apart, and got 3"),
        (Data, {"classes": ["a", "a"], "positive": "a"}, "classes must differ"),
        (Data, {"positive": "Malaria"}, "must be one of classes"),
        (Data, {"source": []}, "name at least one source"),
        (Data, {"source": ["a", "b"], "sha256": 64 * "0"}, "source lists 2"),
        (QualityCheck, {"alarm": 0.1}, "alarm 0.1 is above warning 0.05"),
        (Data, {"group_pattern": "("}, "not a regular expression"),
        (Data, {"group_pattern": "C"}, "needs a bracket around the patient"),
        (Split, {"ratio": [0.7, 0.2, 0.2]}, "0.7 + 0.2 + 0.2 = 1.1"),
        (Split, {"ratio": [1.0, 0.0, 0.0]}, "above 0"),
        (Split, {"by": "image", "leakage_report": True}, "needs by: group"),
        (Quality, {"min_side": 100, "max_side": 50}, "min_side 100 is above max_side 50"),
        (Quality, {"minority_critical": 0.5}, "above minority_warning"),
    ],
)
def test_what_cannot_be_is_refused_with_the_values(section, values, told):
    with pytest.raises(ValidationError, match=told.replace("+", r"\+")):
        section.model_validate(values)


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        Settings().split.seed = 3


def test_how_many_trainers_run_at_once_is_no_part_of_what_they_make():
    assert Train(parallel=1, time_limit=60).keyed() == Train().keyed()
    assert Train(seed=1).keyed() != Train().keyed()


def fields_of(section, prefix=""):
    """Every setting below ``section``: its key and its field."""
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from fields_of(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", field


@pytest.mark.parametrize(("key", "field"), [*fields_of(Settings), *fields_of(Model)], ids=lambda value: str(value)[:30])
def test_a_description_says_the_limits_for_a_form_that_does_not_print_them(key, field):
    limits = [getattr(rule, name, None) for rule in field.metadata for name in ("ge", "gt", "le", "lt")]
    for limit in limits:
        assert limit is None or f"{limit:,}" in field.description or f"{limit:g}" in field.description, key
