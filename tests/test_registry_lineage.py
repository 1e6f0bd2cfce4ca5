"""Which runs serve: the champion's and the one before, from a real registry (10 s: MLflow)."""

from pathlib import Path

from smearflow.registry.lineage import last_two, runs_that_serve
from smearflow.registry.mlflow_store import mlflow_client


def test_the_champion_and_the_version_before_it_name_their_runs(tmp_path: Path) -> None:
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    assert runs_that_serve(uri, "cells") == set()
    assert not (tmp_path / "mlflow.db").exists()
    with mlflow_client(uri) as client:
        client.create_registered_model("cells")
        for run in ("first", "second", "third", "fourth"):
            tags = {"run": run, "model": "compact", "weights_digest": run, "threshold": "0.5", "provisional": "false"}
            client.create_model_version("cells", str(tmp_path), tags=tags)
        client.set_registered_model_alias("cells", "champion", "3")
        from smearflow.registry.lineage import _ask  # what a registry on another machine is asked by

        assert _ask(uri, "cells") == {"second", "third"}
    assert runs_that_serve(uri, "cells") == {"second", "third"}


def test_a_first_champion_has_nobody_before_it() -> None:
    assert last_two([(1, "first")], 1) == {"first"}
    assert last_two([(10, "tenth"), (9, "ninth"), (2, "second")], 10) == {"ninth", "tenth"}
