"""From YAML and --set to settings; every refusal names the key, the value and the way out."""

from pathlib import Path

import pytest

from smearflow.configuration import annotated_yaml, as_yaml, load_settings, with_absolute_paths
from smearflow.errors import SettingsError
from smearflow.settings import Settings

CONFIGS = sorted((Path(__file__).parent.parent / "config").glob("*.yaml"))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: c.name)
def test_every_configuration_that_comes_with_the_project_can_be_used(config):
    assert load_settings(config).models


def test_set_lies_over_the_file(tmp_path):
    (tmp_path / "lab.yaml").write_text("split: {seed: 1, by: group}\n")
    settings = load_settings(
        tmp_path / "lab.yaml", ["split.seed=7", "split.ratio=[0.8, 0.1, 0.1]", "data.source=cells"]
    )
    assert (settings.split.seed, settings.split.ratio, settings.data.source) == (7, (0.8, 0.1, 0.1), "cells")


def test_settings_come_back_from_yaml(tmp_path):
    settings = load_settings(None, ["models=[compact]", "weights=random"])
    for text in (as_yaml(settings), annotated_yaml(settings)):
        (tmp_path / "again.yaml").write_text(text)
        assert load_settings(tmp_path / "again.yaml") == settings


def test_the_printed_configuration_tells_what_each_key_means():
    printed = annotated_yaml(Settings())
    assert "  # Seed of the draw, 0 or more.\n  seed: 1337\n" in printed


@pytest.mark.parametrize(
    ("override", "told"),
    [
        (
            "split.sed=3",
            "unknown key split.sed. Did you mean split.seed? Known here: by, ratio, seed, folders, leakage_report.",
        ),
        ("split.sed=3", "pass --set split.seed=1337"),
        ("splitt.seed=3", "Did you mean split?"),
        ("foo=1", "unknown key foo. Known here: data, quality"),
        ("split.seed=abc", "split.seed = 'abc': Input should be a valid integer"),
        ("train.epochs=0", "train.epochs = 0: Input should be greater than or equal to 1"),
        ("split.ratio=[0.7,0.2,0.2]", "pass --set 'split.ratio=[0.6, 0.2, 0.2]'"),
        ("data.classes=[a,b,c]", "merge the rest into one folder"),
        ("data.positive=x", "positive must be one of classes"),
        ("models=[{name: compact, ctu: 3}]", "unknown key models.0.ctu. Did you mean models.0.cut?"),
        ("models=[{name: compact, ctu: 3}]", "--set 'models=[compact, MobileNetV2]'"),
        ("seed", "--set 'seed' is not KEY=VALUE"),
    ],
)
def test_a_refused_setting_is_told_with_key_value_and_way_out(override, told):
    with pytest.raises(SettingsError) as refused:
        load_settings(None, [override])
    assert told in str(refused.value)
    assert refused.value.exit_status == 2


def test_a_value_inside_a_plain_value_is_refused():
    with pytest.raises(SettingsError, match="'seed' is a int, it has no keys"):
        load_settings(None, ["split.seed=1", "split.seed.deeper=2"])


@pytest.mark.parametrize(
    ("text", "told"),
    [("split: [", "is not YAML"), ("- a\n- b\n", "holds a list, not keys with values"), ("split: {seed: -1}", "edit ")],
)
def test_a_refused_file_is_named(tmp_path, text, told):
    config = tmp_path / "lab.yaml"
    config.write_text(text)
    with pytest.raises(SettingsError, match=told) as refused:
        load_settings(config)
    assert "lab.yaml" in str(refused.value)


def test_a_missing_file_is_named():
    with pytest.raises(SettingsError, match=r"config 'nowhere\.yaml': No such file"):
        load_settings(Path("nowhere.yaml"))


def test_an_empty_file_is_the_defaults(tmp_path):
    (tmp_path / "empty.yaml").write_text("# nothing yet\n")
    assert load_settings(tmp_path / "empty.yaml") == Settings()


@pytest.mark.parametrize(
    ("given", "told", "mended"),
    [
        ("data.source=", "data.source = None", "--set data.source=demo"),
        ('data.source=[cells, ""]', "data.source = ''", "--set data.source=demo"),
        ("quality_check.alarm=0.1", "alarm 0.1 is above warning 0.05", "--set quality_check.alarm=0.002"),
        ("data.positive=Sick", "got 'Sick'", "--set data.positive=Parasitized"),
        ("notify.webhook=ftp://x", "Address that gets a POST of JSON", "--set notify.webhook=null"),
    ],
)
def test_each_refusal_says_in_words_what_would_do(given, told, mended):
    with pytest.raises(SettingsError) as refused:
        load_settings(None, [given])
    assert told in refused.value.what
    assert mended in refused.value.fix


def test_paths_for_a_process_elsewhere_are_meant_from_here_and_names_stay_names(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["data.source=[cells, /data/more, nlm, https://a.org/b.zip]", "quality_check.drop=new", "weights=imagenet"]
    here = with_absolute_paths(
        load_settings(None, [*given, "models=[{name: VGG16, weights: w/vgg.h5}]", "registry.uri=sqlite:///lab.db"])
    )
    assert here.data.source == (f"{tmp_path}/cells", "/data/more", "nlm", "https://a.org/b.zip")
    assert (here.quality_check.drop, here.quality_check.archive) == (f"{tmp_path}/new", None)
    assert (here.weights, here.models[0].weights) == ("imagenet", f"{tmp_path}/w/vgg.h5")
    assert here.registry.uri == f"sqlite:///{tmp_path}/lab.db"
    assert with_absolute_paths(Settings()) == Settings()
