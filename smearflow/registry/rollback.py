"""Rolling back: an earlier champion is put back in one step, once it has repeated its golden batch."""

from smearflow.errors import MissingPart, TrainingError, UsageError
from smearflow.registry.champion import Champion
from smearflow.registry.golden import repeated
from smearflow.registry.promoting import digests_of_files
from smearflow.registry.promotions import Decision, Entry, line_of_champions
from smearflow.registry.succession import Overtaken, Seat, champion_now, seated
from smearflow.registry.versions import Version, registered_versions

SEE = "See `smearflow models`."


def roll_back(seat: Seat, version: int | None = None, force: bool = False, reason: str | None = None) -> Entry:
    """Make ``version`` champion again; None: the one before the present champion. Returns what the ledger says of it.

    Raises UsageError where it isn't an earlier champion, or, unless ``force``, where its files aren't those that were
    registered or don't repeat its golden batch; MissingPart where it has no files or there is no champion.
    """
    champion = champion_now(seat)
    if champion is None:
        raise MissingPart(f"There is no champion of {seat.name} to go back from.", SEE)
    chosen = _chosen(seat, champion, version)
    changed, (said, fit) = _changed_file(seat, chosen), _asked(seat, chosen)
    flaws = [f"Its file {changed} isn't the one that was registered."] if changed else []
    flaws += [] if fit else [said]
    if flaws and not force:
        told = f"Version {chosen.number} of {seat.name} isn't put back. {' '.join(flaws)}"
        raise UsageError(told, "Choose another version, or put it back all the same, on record: --force.")
    decision = Decision(
        decision="rolled_back",
        registry=seat.registry,
        name=seat.name,
        version=chosen.number,
        previous=champion.version,
        why=" ".join([reason or "No reason was given.", *flaws]),
        model=chosen.champion.model,
        forced=bool(flaws),
        digests={"weights": chosen.champion.weights_digest},
        golden=said,
    )
    try:
        return seated(seat, decision)
    except Overtaken as overtaken:
        raise UsageError(f"Nothing was put back: {overtaken.why}", f"{SEE} Then roll back again.") from None


def champions_before(seat: Seat, champion: Champion) -> list[Version]:
    """Versions that held the alias before ``champion``, the latest last; without those that a rollback left behind.

    Versions of before the ledger count: then each was champion in its turn.
    """
    versions = {version.number: version for version in registered_versions(seat.uri, seat.name)}
    decisions = seat.decisions()
    began = next((entry.decision.previous for entry in decisions), champion.version)
    unwritten = [number for number in versions if began is not None and number < began]
    line = [*unwritten, *line_of_champions(decisions)]
    return [versions[number] for number in line if number in versions and number != champion.version]


def runs_to_go_back_to(seat: Seat) -> set[str]:
    """Ids of the runs that made the champion and the one that a rollback would put in its place."""
    champion = champion_now(seat)
    if champion is None:
        return set()
    held = [champion.version, *(version.number for version in champions_before(seat, champion)[-1:])]
    return {v.run for v in registered_versions(seat.uri, seat.name) if v.number in held and v.run}


def _chosen(seat: Seat, champion: Champion, number: int | None) -> Version:
    name, before = champion.registry_name, champions_before(seat, champion)
    if number is None:
        if not before:
            raise UsageError(f"Nobody was champion of {name} before version {champion.version}.", SEE)
        return before[-1]
    if number == champion.version:
        raise UsageError(f"Version {number} of {name} is the champion already.", SEE)
    promoted = {e.decision.version for e in seat.decisions() if e.decision.decision == "promoted"}
    were = [*before, *(v for v in registered_versions(seat.uri, seat.name) if v.number in promoted)]
    found = next((version for version in were if version.number == number), None)
    if found is None:
        known = ", ".join(str(each) for each in sorted({v.number for v in were} - {champion.version}))
        raise UsageError(
            f"Version {number} of {name} was never champion.", f"Earlier champions: {known or 'none'}. {SEE}"
        )
    return found


def _asked(seat: Seat, chosen: Version) -> tuple[str, bool]:
    """How the version repeated its golden batch, and whether it did. A process that was ended is no proof either."""
    try:
        found = repeated(seat.uri, chosen.champion)
    except TrainingError as error:
        return f"It couldn't be asked: {error.what}.", False
    return found.words, found.passed


def _changed_file(seat: Seat, chosen: Version) -> str | None:
    """A file of the version that isn't the one that was registered, if any. Raises MissingPart where it has none."""
    found = digests_of_files(seat.uri, chosen.champion)
    recorded = [e.decision.files for e in seat.decisions() if e.decision.files and e.decision.version == chosen.number]
    files = recorded[0].items() if recorded else ()
    return next((name for name, digest in files if found.get(name) != digest), None)
