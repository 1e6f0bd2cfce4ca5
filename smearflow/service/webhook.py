"""Telling somebody: a POST of JSON to the address of `notify.webhook`."""

import json
import os
import time
import urllib.request
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel

from smearflow.settings import Notify

Event = Literal["run.failed", "run.promoted", "quality.alarm"]

LIMIT = 5.0  # seconds to wait for an answer
PAUSES = (0.0, 1.0, 3.0)  # seconds before each try


def tell(notify: Notify, event: Event, why: str, **facts: Any) -> str | None:
    """POST ``event`` with its reason, the time and ``facts``; why it couldn't be told, None where it was.

    Nobody is told where `notify.webhook` isn't set. Never raises: a run mustn't fail because somebody doesn't listen.
    """
    if notify.webhook is None:
        return None
    address = address_of(notify.webhook)
    if address is None:
        return f"the environment variable {notify.webhook.removeprefix('env:')} is not set"
    told = {"event": f"smearflow.{event}", "why": why, "when": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}", **facts}
    body = json.dumps(told, default=_plain).encode()
    problem = None
    for pause in PAUSES:
        time.sleep(pause)
        problem = _post(address, body)
        if problem is None:
            return None
    return problem


def address_of(webhook: str) -> str | None:
    """The address itself, or the one in the environment variable that ``env:NAME`` names; None where that is empty."""
    return os.environ.get(webhook.removeprefix("env:")) or None if webhook.startswith("env:") else webhook


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else str(value)


def _post(address: str, body: bytes) -> str | None:
    """None where the address took it. What went wrong doesn't hold the address, which may be a secret."""
    try:
        request = urllib.request.Request(address, body, {"Content-Type": "application/json"}, method="POST")
        with urllib.request.urlopen(request, timeout=LIMIT):
            return None
    except (OSError, ValueError) as error:
        return f"{type(error).__name__}: {getattr(error, 'reason', None) or 'no valid address'}"
