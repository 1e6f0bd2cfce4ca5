"""`python -m smearflow.models.ray_head CORES GPUS`: a Ray cluster of this machine, with its files in this folder.

Prints its address, and lives until its process group is ended, or the process that started it is gone.
"""

import os
import sys
import threading

from smearflow.models.child import say, watch_parent


def main(cores: int, gpus: int) -> None:
    import ray

    watch_parent()
    ray.init(
        address="local",
        num_cpus=cores,
        num_gpus=gpus,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        _node_ip_address="127.0.0.1",  # nobody else's: whoever reaches a Ray cluster runs what he likes on it
        _temp_dir=f"/proc/{os.getpid()}/cwd",  # this folder by a short name: its sockets' paths have a limit
    )
    say(ray.get_runtime_context().gcs_address)
    threading.Event().wait()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
