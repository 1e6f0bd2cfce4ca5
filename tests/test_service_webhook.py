"""Telling a webhook: a real HTTP sink on this machine."""

import pytest
from webhook_sink import Sink

from smearflow.service.webhook import address_of, tell
from smearflow.settings import Notify


def test_it_hears_what_happened_why_and_when(sink: Sink) -> None:
    assert tell(Notify(webhook=sink.address), "quality.alarm", "25 % darker", cells=80) is None
    assert sink.heard[0].pop("when")
    assert sink.heard == [{"event": "smearflow.quality.alarm", "why": "25 % darker", "cells": 80}]


def test_nobody_is_told_where_nobody_is_named(sink: Sink) -> None:
    assert tell(Notify(), "run.failed", "no images") is None
    assert sink.heard == []


def test_a_moments_fault_is_tried_again(sink: Sink) -> None:
    sink.answers = [503]
    assert tell(Notify(webhook=sink.address), "run.failed", "no images") is None
    assert len(sink.heard) == 2


def test_one_that_does_not_answer_is_said_without_its_address(sink: Sink) -> None:
    sink.answers = [500, 500]
    problem = tell(Notify(webhook=sink.address), "run.failed", "no images")
    assert problem is not None and "Internal Server Error" in problem
    assert "secret-token" not in problem


def test_a_secret_address_stays_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HOOK", "http://127.0.0.1:9/token")
    assert address_of("env:LAB_HOOK") == "http://127.0.0.1:9/token"
    monkeypatch.delenv("LAB_HOOK")
    assert tell(Notify(webhook="env:LAB_HOOK"), "run.failed", "x") == "the environment variable LAB_HOOK is not set"
