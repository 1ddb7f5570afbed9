"""The count of a run: every candidate is accounted for."""

from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Tally:
    """candidates = new + updated + unchanged + duplicate + recalled + quarantined, always."""

    candidates: int = 0
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    duplicate: int = 0
    recalled: int = 0
    quarantined: int = 0
    ended: int = 0
    """What a snapshot does not hold any longer: no candidates, and not part of the sum."""

    def as_dict(self) -> dict[str, int]:
        """For the run's row and for `--json`; what has ended only where something has."""
        return {name: number for name, number in asdict(self).items() if name != "ended" or number}

    def settle(self, outcome: str, *, again: bool = False) -> bool:
        """Count one candidate by what `submit` said of it; `again`: it came before in this run. Whether it goes to quarantine."""
        match outcome:
            case "new":
                self.new += 1
            case "version":
                self.updated += 1
            case "duplicate" if again:
                self.duplicate += 1
            case "duplicate":
                self.unchanged += 1
            case "recalled":
                self.recalled += 1
            case _:
                self.quarantined += 1
                return True
        return False

    def accounted(self) -> int:
        """How many candidates have found their end."""
        return self.new + self.updated + self.unchanged + self.duplicate + self.recalled + self.quarantined

    def require_sum(self) -> None:
        """Raises ArithmeticError when a candidate was lost: a fault of ours, never of the feed's."""
        if self.accounted() != self.candidates:
            raise ArithmeticError(f"{self.candidates} candidates, {self.accounted()} accounted for")
