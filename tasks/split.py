"""Split: give each image to training, validation or test, and prove that no group and no copy is in two of them."""

from pathlib import Path

from smearflow.data.ledger import sets_in
from smearflow.data.manifest import read_manifest, usable
from smearflow.data.splitting import Parts, divide, parts_of
from smearflow.settings import Split
from smearflow.workspace import building
from tasks.settle import Settled
from tasks.stage import stage


def says(parts: Parts) -> str:
    left_out = f"{parts.left_out:,} images are left out: copies of images in another set.\n" if parts.left_out else ""
    return f"""# {parts.train:,} images to train, {parts.val:,} to validate, {parts.test:,} to test

{parts.groups:,} groups; {parts.shared_groups:,} of them are in more than one set.
{parts.shared_duplicates:,} images have a copy, exact or near, in another set.
{left_out}
Every row in `{parts.path}`.
"""


# Not retried: nothing outside this process takes part.
@stage(says, task_run_name="split by {how.by}")
def split(folder: Path, manifest: Path, root: Path, how: Split, settled: Settled | None) -> Parts:
    """Read the usable rows of the manifest, divide them as the ledger says, write the split table."""
    rows = usable(read_manifest(manifest))
    table = divide(rows, how, sets_in(settled.path) if settled else None)
    with building(folder) as aside:
        table.to_parquet(aside / "split.parquet")
    return parts_of(table, folder / "split.parquet", root, left_out=len(rows) - len(table))
