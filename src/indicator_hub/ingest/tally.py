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

    def as_dict(self) -> dict[str, int]:
        """For the run's row and for `--json`."""
        return asdict(self)

    def accounted(self) -> int:
        """How many candidates have found their end."""
        return self.new + self.updated + self.unchanged + self.duplicate + self.recalled + self.quarantined

    def require_sum(self) -> None:
        """Raises ArithmeticError when a candidate was lost: a fault of ours, never of the feed's."""
        if self.accounted() != self.candidates:
            raise ArithmeticError(f"{self.candidates} candidates, {self.accounted()} accounted for")
