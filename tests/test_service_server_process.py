"""The server's process ends with the folder that it was started for."""

import subprocess
import sys
from pathlib import Path

WATCHING = """
import sys, time
from pathlib import Path
from smearflow.service.server_process import end_without
end_without(Path(sys.argv[1]))
print("watching", flush=True)
time.sleep(60)
"""


def test_it_ends_when_another_folder_takes_the_place_of_its_own(tmp_path: Path) -> None:
    home = tmp_path / "prefect"
    home.mkdir()
    with subprocess.Popen([sys.executable, "-c", WATCHING, str(home)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        home.rename(tmp_path / "moved")
        home.mkdir()
        assert process.wait(timeout=20) == -15
