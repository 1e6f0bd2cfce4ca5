"""Split: give each group to training, validation or test, and prove that no group is in two of them."""

from pathlib import Path

from smearflow.data.manifest import read_manifest, usable
from smearflow.data.splitting import Parts, divide, parts_of
from smearflow.settings import Split
from smearflow.workspace import building
from tasks.stage import stage


def says(parts: Parts) -> str:
    return f"""# {parts.train:,} images to train, {parts.val:,} to validate, {parts.test:,} to test

{parts.groups:,} groups; {parts.shared_groups} of them are in more than one set.
Every row in `{parts.path}`.
"""


# Not retried: nothing outside this process takes part.
@stage(says, task_run_name="split by {how.by}")
def split(folder: Path, manifest: Path, root: Path, how: Split) -> Parts:
    """Read the usable rows of the manifest, divide them, write the split table."""
    table = divide(usable(read_manifest(manifest)), how)
    with building(folder) as aside:
        table.to_parquet(aside / "split.parquet")
    return parts_of(table, folder / "split.parquet", root)
