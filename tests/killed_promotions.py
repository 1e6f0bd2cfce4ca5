"""Promotions that are killed by signal 9 at a step: `killed_promotions.py VERSION FOLDER=STEP ...`, one a workspace.

Each takes place in a fork of this process, because MLflow's import takes as long as all of them.
"""

import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

from drawn_registry import NAME, proposal

from smearflow.registry import promotions, succession
from smearflow.registry.succession import Seat, seated
from smearflow.workspace import Workspace


def kill(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killed_at(step: str) -> None:
    """From now on this process is killed once a promotion comes to ``step``."""
    move, write, written = succession.move_alias, promotions._write_through, iter(range(9))

    def moved(*told: object) -> None:
        move(*told)  # type: ignore[arg-type]
        kill()

    def half(ledger: Path, line: bytes) -> None:
        if next(written) == ("torn intent", "torn decision").index(step):
            with ledger.open("ab", buffering=0) as file:
                file.write(line[: len(line) // 2])
            kill()
        write(ledger, line)

    if step == "before the intent":
        succession.append = kill  # type: ignore[assignment]
    elif step == "after the intent":
        succession.move_alias = kill
    elif step == "after the alias":
        succession.move_alias = moved
    else:
        promotions._write_through = half


import mlflow.store.tracking.sqlalchemy_store  # noqa: E402, F401

for told in sys.argv[2:]:
    folder, step = told.split("=")
    pid = os.fork()
    if pid == 0:
        workspace = Workspace(Path(folder))
        seat = Seat(workspace, f"sqlite:///{workspace.registry}", NAME)
        decision = replace(proposal(seat, "killed"), version=int(sys.argv[1]))
        killed_at(step)
        seated(seat, decision)
        os._exit(1)
    assert os.WTERMSIG(os.waitpid(pid, 0)[1]) == signal.SIGKILL, step
