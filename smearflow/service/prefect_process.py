"""`python -m smearflow.service.prefect_process server start ...`: a Prefect process that ends with its workspace.

Prefect's own processes go on after their folder was deleted, and write into files that no longer have a name. This
one looks once a second whether PREFECT_HOME is still the folder that it started in.
"""

import os
import runpy
import sys
from pathlib import Path

from smearflow.processes import end_with_folder
from smearflow.service.running import WORKER

if __name__ == "__main__":
    end_with_folder(Path(os.environ["PREFECT_HOME"]))
    os.environ[WORKER] = str(os.getpid())  # runs of a worker inherit it, and end with it
    sys.argv = ["prefect", *sys.argv[1:]]
    runpy.run_module("prefect", run_name="__main__", alter_sys=True)
