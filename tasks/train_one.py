"""Train one backbone: the stage. Who does it is handed in, and its code is no part of the key."""

from pathlib import Path

from prefect.tasks import exponential_backoff

from smearflow.data.splitting import Parts
from smearflow.models.jobs import LOCAL, Job, Workers
from smearflow.models.leases import Crowd
from smearflow.models.plans import Plan
from smearflow.models.spec import Trained
from smearflow.progress import overheard
from smearflow.settings import Augment, Data, Train
from smearflow.workspace import Workspace
from tasks.stage import stage
from tasks.training_progress import progress_artifact


def says(model: Trained) -> str:
    control = ", a control: its frozen layers are random" if model.control else ""
    return f"""# {model.name}: {model.params:,} parameters, {model.trainable:,} of them trained{control}

| | |
|---|---|
| input | {model.input_size} px |
| freeze boundary | {model.cut or "none: trained whole"} |
| weights | {model.weights} |
| engine of the frozen layers | {model.engine or "none"} |
| epochs | {model.epochs} |
| precision | {model.precision} |
| import, compile | {model.seconds.importing:.1f} s, {model.seconds.compiling:.1f} s |
| features, fit | {model.seconds.features:.1f} s, {model.seconds.fit:.1f} s |
| inference file | {model.size_mb:.2f} MiB |
{f"| note | {model.note} |" if model.note else ""}
"""


# Retried once: a trainer that somebody ended, or that overran its time, goes on from its last epoch.
@stage(
    says,
    code=("smearflow.models.trainer",),
    task_run_name="train {plan.label}",
    retries=1,
    retry_delay_seconds=exponential_backoff(5),
)
def train(
    folder: Path,
    plan: Plan,
    parts: Parts,
    data: Data,
    augment: Augment,
    how: Train,
    workspace: Workspace,
    crowd: Crowd,
    workers: Workers = LOCAL,
) -> Trained:
    """Have the backbone trained on the split's images, telling how far it is."""
    job = Job(folder, plan, parts, data, augment, how, workspace, crowd)
    with overheard(plan.label) as hear, progress_artifact(plan.label) as show:

        def heard(line: str) -> None:
            hear(line)
            show(line)

        return workers.train(job, heard)
