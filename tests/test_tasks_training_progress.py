"""A trainer's lines move a bar in Prefect's UI. On a real Prefect server."""


def test_lines_that_count_move_the_bar(prefect_server):
    from prefect import flow, task
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    from tasks.training_progress import progress_artifact

    seen: list[tuple[object, str | None]] = []
    chosen = ArtifactFilter(key=ArtifactFilterKey(any_=["training-mobilenetv2-2"]))

    def look() -> None:
        with get_client(sync_client=True) as client:
            found = client.read_artifacts(artifact_filter=chosen)[0]
        seen.append((found.data, found.description))

    @task
    def train():
        with progress_artifact("MobileNetV2 2") as hear:
            hear("import 3.1 s")
            look()
            hear("epoch 3/10 loss 0.3 val_auc 0.9")
            look()
        look()

    flow(name="train")(lambda: train())()
    assert seen == [
        (0.0, "training MobileNetV2 2"),
        (30.0, "MobileNetV2 2: epoch 3 of 10, loss 0.3, AUC on validation 0.9"),
        (100.0, "MobileNetV2 2: trained"),
    ]


def test_without_prefect_nothing_is_shown():
    from tasks.training_progress import progress_artifact

    with progress_artifact("compact") as hear:
        hear("epoch 3/10 loss 0.3 val_auc 0.9")
