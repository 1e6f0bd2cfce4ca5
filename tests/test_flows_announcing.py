"""A failed run and a promotion are told, a kept champion is not; each is tagged. On a real Prefect server."""

from pathlib import Path

import pytest
from drawn_checks import RESULT
from webhook_sink import Sink

from smearflow.errors import MissingPart
from smearflow.settings import Notify
from smearflow.summary import ChampionResult, Summary, Verdict

CHAMPION = ChampionResult(registry_name="cells", version=3, model="compact", provisional=False)


def summary(outcome: str, **parts: object) -> Summary:
    verdict = Verdict.model_validate({"outcome": outcome, "why": "because", "next": "go on"})
    return Summary.model_validate(
        {"run_id": "r", "command": "run", "status": "completed", "verdict": verdict, "champion": CHAMPION, **parts}
    )


def test_a_promotion_is_told_with_model_and_version(sink: Sink) -> None:
    from flows.announcing import announce

    announce(summary("promoted", paths={"report": Path("/w/report.html")}), Notify(webhook=sink.address))
    told = sink.heard[0]
    assert (told["event"], told["model"], told["version"]) == ("smearflow.run.promoted", "compact", "cells 3")
    assert (told["why"], told["next"], told["report"]) == ("because", "go on", "/w/report.html")


def test_a_kept_champion_is_an_ordinary_week(sink: Sink) -> None:
    from flows.announcing import announce

    announce(summary("kept"), Notify(webhook=sink.address))
    assert sink.heard == []


def test_a_run_is_tagged_with_what_came_out(prefect_server, sink: Sink) -> None:
    from prefect import flow, tags
    from prefect.client.orchestration import get_client

    from flows.announcing import announce

    @flow(name="tagged")
    def run():
        from prefect.context import FlowRunContext

        announce(summary("promoted"), Notify())
        return FlowRunContext.get().flow_run.id

    with tags("weekly"):
        run_id = run()
    with get_client(sync_client=True) as client:
        assert set(client.read_flow_run(run_id).tags) == {"weekly", "promoted", "compact"}


def test_an_alarm_is_told_with_the_measures_that_are_off(sink: Sink) -> None:
    from flows.announcing import announce_check

    announce_check(RESULT.model_copy(update={"verdict": "alarm"}), Notify(webhook=sink.address))
    announce_check(RESULT.model_copy(update={"verdict": "warning"}), Notify(webhook=sink.address))
    assert [told["event"] for told in sink.heard] == ["smearflow.quality.alarm"]
    assert sink.heard[0]["champion"] == {"registry_name": "malaria-cells", "version": 3, "model": "compact"}


def test_a_check_that_fails_is_told_in_the_errors_words_and_still_fails(sink: Sink) -> None:
    from flows.announcing import failure_told

    with pytest.raises(MissingPart), failure_told("check", Notify(webhook=sink.address)):
        raise MissingPart("There is no champion.", "Train one.")
    told = sink.heard[0]
    assert (told["event"], told["command"]) == ("smearflow.run.failed", "check")
    assert (told["why"], told["next"]) == ("There is no champion.", "Train one.")
