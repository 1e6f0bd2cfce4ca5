"""What a real server says of runs and workers, and how it takes it that a run is over."""

import pytest

from smearflow.service.prefect_api import NO_ANSWER, ask
from smearflow.service.prefect_runs import heartbeat, make_pool, mark_over, next_runs, pending
from smearflow.service.prefect_server import Server
from tests.test_service_running import flow_run, states


def test_one_that_was_being_cancelled_is_cancelled(server: Server) -> None:
    run = flow_run(server, "PENDING", "RUNNING")
    told = {"state": {"type": "CANCELLING", "name": "Cancelling"}, "force": True}
    ask("POST", f"{server.api_url}/flow_runs/{run}/set_state", told)
    assert mark_over(server.api_url, run, "gone")
    assert states(server, run) == ["Cancelled", "Cancelled"]


def test_a_run_that_waits_is_among_what_comes_next(server: Server) -> None:
    run = flow_run(server, "SCHEDULED")
    name = ask("GET", f"{server.api_url}/flow_runs/{run}")["name"]
    mine = next(r for r in next_runs(server.api_url) if r["name"] == name)
    assert mine.keys() == {"name", "deployment", "expected_start", "state"}
    assert mine["deployment"] is None
    mark_over(server.api_url, run, "test over")


def test_a_pool_that_is_not_there_has_nothing_pending(server: Server) -> None:
    assert pending(server.api_url, "nowhere") == []


def test_a_pool_is_made_once_and_has_no_worker_by_itself(server: Server) -> None:
    make_pool(server.api_url, "made-twice")
    make_pool(server.api_url, "made-twice")
    assert ask("GET", f"{server.api_url}/work_pools/made-twice")["type"] == "process"
    assert heartbeat(server.api_url, "made-twice", "nobody") is None
    assert heartbeat(server.api_url, "no-such-pool", "nobody") is None


def test_a_server_that_is_away_is_an_error_that_callers_know() -> None:
    with pytest.raises(NO_ANSWER):
        next_runs("http://127.0.0.1:9/api")
