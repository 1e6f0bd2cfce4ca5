"""`smearflow reproduce`: the session's run again, beside everything, bit by bit the same (25 s)."""

import os
import re
import shutil

import pytest

from flows.reproducing import outcome_lines, prepared, read, settings_of
from smearflow.data.ledger import belonging, ledger_file, read_ledger
from smearflow.errors import UsageError
from smearflow.registry.champion import find_champion
from smearflow.registry.mlflow_store import local_uri
from smearflow.service.running import note_running
from smearflow.settings import Notify, Registry


@pytest.fixture(scope="module")
def then(finished_summary, workspace):
    """Origins and summary of the session's run."""
    return read(workspace, finished_summary.run_id)


@pytest.fixture(scope="module")
def latest(then, workspace):
    """The last run's folder before anything is made again."""
    return workspace.latest.resolve()


@pytest.fixture(scope="module")
def again(then, latest, smearflow):
    return smearflow("reproduce", then[0].run_id)


def test_the_same_machine_makes_the_same_bits(then, again):
    assert again.returncode == 0, again.stderr
    rows = [re.split(r"  +", line) for line in again.stdout.splitlines()]
    matches = {row[0]: row[3] for row in rows if len(row) == 4 and row[0] != "what"}
    assert {"code", "lock", "python", "processor", "data", "split", "ledger"} <= matches.keys()
    assert set(matches.values()) == {"yes"}
    differences = [row for row in rows if row[0] in then[0].models]
    assert {(row[0], row[1]) for row in differences} >= {(name, "weights") for name in then[0].models}
    assert {row[4] for row in differences} == {"0"}
    assert again.stdout.splitlines()[-1] == "reproduced the same: all weights and figures"


def test_champion_history_and_last_run_are_as_before(then, latest, again, workspace):
    origins, summary = then
    assert workspace.latest.resolve() == latest
    assert find_champion(local_uri(workspace), "small-cells").version == summary.champion.version
    beside = workspace.reproductions / origins.run_id
    assert len(list((beside / "runs").iterdir())) == 1 and (beside / "mlflow.db").exists()
    assert [run.name for run in workspace.runs.iterdir() if run.name == origins.run_id] == [origins.run_id]


def test_other_weights_and_figures_are_told_with_their_difference(then):
    origins, summary = then
    first = summary.models[0]
    other = origins.models["compact"].model_copy(update={"weights_digest": "0" * 64})
    figure = first.test.accuracy.model_copy(update={"value": first.test.accuracy.value - 0.25})
    model = first.model_copy(update={"test": first.test.model_copy(update={"accuracy": figure})})
    now = (
        origins.model_copy(update={"models": {**origins.models, "compact": other}}),
        summary.model_copy(update={"models": (model, *summary.models[1:])}),
    )
    lines, same = outcome_lines(then, now)
    assert not same and lines[-1].startswith("reproduced NOT the same")
    assert any(re.match(r"compact +weights +\w{16}  0{16} +differs", line) for line in lines)
    assert any(re.match(r"compact +accuracy .* -0\.25$", line) for line in lines)


def test_a_model_that_could_not_be_trained_again_is_a_difference(then):
    origins, summary = then
    rest = {"MobileNetV2": origins.models["MobileNetV2"]}
    now = (origins.model_copy(update={"models": rest}), summary.model_copy(update={"models": summary.models[1:]}))
    lines, same = outcome_lines(then, now)
    assert not same and any(re.match(r"compact +weights +\w{16}  none +differs", line) for line in lines)


def test_it_divides_by_the_ledger_of_then_whatever_came_later(then, again, workspace):
    origins, _ = then
    settings = origins.settings
    belongs = belonging(settings.data, settings.split, settings.registry.name)
    beside = prepared(origins, workspace)
    ledger = read_ledger(ledger_file(beside.ledgers, belongs), belongs)
    assert ledger.head == origins.digests["ledger"] and len(ledger.sets) == 16
    assert not beside.runs.exists()  # an earlier reproduction is gone


def test_one_that_is_under_way_is_left_alone(then, again, workspace):
    beside = prepared(then[0], workspace)
    note_running(beside, "a-flow-run", "http://127.0.0.1:9/api")
    with pytest.raises(UsageError, match=rf"is being reproduced already \(process {os.getpid()}\)"):
        prepared(then[0], workspace)
    assert beside.running.exists()
    shutil.rmtree(beside.root)


def test_it_registers_nowhere_else_and_tells_nobody(then):
    told = then[0].settings.model_copy(
        update={"registry": Registry(uri="http://127.0.0.1:9", name="mine"), "notify": Notify(webhook="http://a.b")}
    )
    settings = settings_of(then[0].model_copy(update={"settings": told}))
    assert settings.registry == Registry(name="mine") and settings.notify == Notify()


def test_an_unknown_run_is_a_usage_error_that_starts_no_server(tmp_path, capsys):
    from flows.cli import main

    assert main(["reproduce", "a-run", "--workspace", str(tmp_path)]) == 2
    assert "There is no run 'a-run'" in capsys.readouterr().err
    assert not (tmp_path / "prefect").exists()
