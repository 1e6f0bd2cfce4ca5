"""An outcome at one look: for the report's head and the workspace's front page."""

from dataclasses import dataclass

from smearflow.summary import Summary


@dataclass(frozen=True)
class Headline:
    """An outcome as a word, a colour and a shape: any one of them is enough to tell."""

    word: str
    tone: str  # good, calm, poor or bad
    sign: str


HEADLINES = {
    "promoted": Headline("New champion", "good", "✓"),
    "kept": Headline("Champion kept", "calm", "="),
    "none": Headline("No model is good enough", "poor", "!"),
    "failed": Headline("The run failed", "bad", "✕"),
}
DATA_SOUND = Headline("Data check passed", "good", "✓")


def headline_of(summary: Summary) -> Headline:
    """The outcome's headline; of a finished `validate`, that the data passed."""
    if summary.command == "validate" and summary.status == "completed":
        return DATA_SOUND
    return HEADLINES[summary.verdict.outcome]
