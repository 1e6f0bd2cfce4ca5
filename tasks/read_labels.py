"""Read labels: what people decided about them so far, checked line by line, as the run will go by it."""

from pathlib import Path

from smearflow.data.decisions import head_of, read_decisions
from smearflow.data.overlay import Reviewed, opinions
from smearflow.workspace import Workspace, building, digest_of, is_whole
from tasks.stage import stage

OPINIONS_FILE = "opinions.parquet"


def says(reviewed: Reviewed) -> str:
    if not reviewed.decisions:
        return "# Nobody has looked at labels yet\n\nBegin with `smearflow review`.\n"
    return f"""# {reviewed.decisions:,} decisions about labels, by {len(reviewed.readers)} readers

The ledger is whole: no line was changed or taken out. What each reader said last of each cell: `{reviewed.path}`.
"""


# Not cached: that the ledger is whole is looked at by every run. Not retried: nothing outside takes part.
@stage(says, cached=False, task_run_name="read decisions about labels")
def read_labels(folder: Path, workspace: Workspace) -> Reviewed:
    """Read and check the ledger of decisions; write what each reader said last of each cell."""
    entries = read_decisions(workspace.labels)
    said = opinions(entries)
    digest = digest_of(said.drop(columns="time").astype(str).to_numpy().tolist())
    target = workspace.artifact("labels", digest)
    if not is_whole(target):
        with building(target) as aside:
            said.to_parquet(aside / OPINIONS_FILE, index=False)
    readers = tuple(sorted(set(said["reader"])))
    return Reviewed(target / OPINIONS_FILE, digest, head_of(entries), len(said), readers)
