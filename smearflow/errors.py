"""One tree of errors. Each says what happened, to which thing, and the way out.

SmearflowError
|- UsageError            exit status 2: the caller can mend it by typing something else
|  |- SettingsError      a key or a value of the configuration
|  |- SourceError        the folder of images
|  |- DiskError          no room, or no right to write
|  `- MissingPart        weights, a server, a registry that can't be had
|- DataError             exit status 1: the data stop the run
`- TrainingError         a trainer died or overran its time; the other backbones go on
   `- MemoryRanOut       it wanted more memory than there is
"""


class SmearflowError(Exception):
    """What happened and to which thing (``what``), and what to do about it (``fix``)."""

    exit_status = 1
    retryable = False  # whether the same call may end otherwise a moment later

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what, fix)
        self.what = what
        self.fix = fix

    def __str__(self) -> str:
        return f"{self.what}\n{self.fix}" if self.fix else self.what


class UsageError(SmearflowError):
    """The command, its configuration or a part that it needs is wrong or missing."""

    exit_status = 2


class SettingsError(UsageError):
    """A key that isn't known, or a value that isn't allowed."""


class SourceError(UsageError):
    """The source of images isn't there, isn't a folder, or holds no image."""


class MissingPart(UsageError):
    """Something that the run needs can't be had: weights, a server, a registry."""


class DiskError(UsageError):
    """The disk is full, or can't be written to."""


class DataError(SmearflowError):
    """The data are not fit to train on: a critical expectation failed, or a class or group is missing."""


class TrainingError(SmearflowError):
    """One trainer ended without a model. ``permanent``: trying again would end the same way."""

    def __init__(self, what: str, fix: str = "", *, permanent: bool = False) -> None:
        super().__init__(what, fix)
        self.retryable = not permanent


class MemoryRanOut(TrainingError):
    """A trainer wanted more memory than there is: it may do with less, but not as it was."""

    def __init__(self, what: str, fix: str = "") -> None:
        super().__init__(what, fix, permanent=True)
