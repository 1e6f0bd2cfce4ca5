"""The result of a quality check, as the tests of what reads one need it."""

import math

from smearflow.monitoring.result import ChampionLine, CheckLine, CheckResult

LINE = CheckLine(
    name="sharpness",
    value=1.2,
    threshold=0.8,
    verdict="ok",
    reference=1.3,
    low=0.8,
    high=math.inf,
    alarm_low=0.5,
    alarm_high=math.inf,
    probability=0.7,
)
RESULT = CheckResult(
    verdict="ok",
    why="Cells of 12 patients look as those of 40 unseen patients did.",
    next="Nothing to do.",
    when="2026-11-24T08:15:00+00:00",
    batch="20261124-081500-3f9a",
    scheduled=True,
    champion=ChampionLine(registry_name="malaria-cells", version=3, model="compact"),
    cells=240,
    patients=12,
    strangers=0,
    labelled=0,
    left_out=0,
    reference_patients=40,
    checks=(LINE,),
    figures={},
    contract=(),
)
