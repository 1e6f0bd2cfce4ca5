"""One backbone of a retraining, on whichever machine a worker of the pool takes it."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.recording import note_process
from smearflow.data.splitting import Parts
from smearflow.errors import MissingPart, SmearflowError
from smearflow.models.jobs import LOCAL, with_weights_here
from smearflow.models.leases import Crowd
from smearflow.models.plans import Plan
from smearflow.models.training import end_all
from smearflow.settings import Settings
from smearflow.signs import child_sign, ends_without, parent_sign, signing
from smearflow.workspace import Workspace
from tasks.stage import Run
from tasks.train_one import train


@flow(name="backbone-training", flow_run_name="train {plan.label}", log_prints=True)
def backbone_training(
    settings: Settings, workspace: Path, plan: Plan, parts: Parts, backbones: int, folder: Path, fresh: bool = False
) -> State[Any]:
    """Train one backbone for a retraining that waits for it. The result is what lies in ``folder`` afterwards.

    Args:
        settings: Those of the retraining.
        workspace: The folder that it shares with this machine, at the same path.
        plan: The backbone.
        parts: The split.
        backbones: How many the retraining trains.
        folder: Where the retraining expects the result.
        fresh: Train anew, whatever is there.
    """
    shared = Workspace(workspace)
    try:
        _check_shared(shared, parts)
        note_process(shared)
        own = str(flow_run.id)
        run = Run("run", settings, shared, own, fresh)
        with ends_without(parent_sign(shared, own)), signing(child_sign(shared, own)):
            _train(run, plan, parts, backbones, folder)
    except SmearflowError as error:
        return Failed(message=f"{type(error).__name__}: {error}")
    finally:
        end_all()
    return Completed(message=f"{plan.label} is trained: {folder}")


def _train(run: Run, plan: Plan, parts: Parts, backbones: int, folder: Path) -> None:
    """Run the stage, which must come to the key that the retraining came to."""
    settings = run.settings
    how = (parts, settings.data, settings.augment, settings.train, run.workspace, Crowd(backbones), LOCAL)
    plan = with_weights_here(plan)
    if train.folder(run, plan, *how) != folder:
        raise MissingPart(
            f"{plan.label}: this worker's checkout isn't the one that the retraining runs.",
            "Bring both machines to the same version, with the same requirements.lock.",
        )
    train(run, plan, *how)


def _check_shared(workspace: Workspace, parts: Parts) -> None:
    for path in (workspace.root, parts.path, parts.root):
        if not path.exists():
            raise MissingPart(
                f"This worker sees no {path}.", "Mount workspace and images there, at the paths of the retraining."
            )
