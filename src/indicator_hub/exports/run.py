"""One list, from rows in their order to bytes: chosen, each value once, counted by reason where it is left out.

    run = Run(format, scope, rules, limit)
    for batch in batches:
        body += run.take(batch)
    body += run.end()
    whole = run.head() + body

With a limit the rows are read twice: once to `survey` which of them survive, and once to write those.
"""

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from indicator_hub.exports.choose import Rules, reason
from indicator_hub.exports.format import Format, Outcome, Scope
from indicator_hub.exports.row import Row


class Run:
    """`skipped` by reason; `given` rows by collection; `until` the next instant, in microseconds, at which time alone changes the list."""

    def __init__(
        self, of: Format, scope: Scope, rules: Rules, limit: int | None = None, age: int | None = None
    ) -> None:
        self._format, self._rules, self._age = of, rules, age
        self._writer = of.writer(scope)
        self._limit = limit
        self._heap: list[tuple[object, ...]] = []
        self._surveyed = False
        self._begin()

    def _begin(self) -> None:
        self._group: list[Row] = []
        self.skipped: Counter[str] = Counter()
        self.given: Counter[str] = Counter()
        self.lines = 0
        self.truncated = 0
        self.level: int | None = None
        self.nations: frozenset[str] | None = None
        self.changed = 0
        self.until: int | None = None

    def survey(self, rows: Sequence[Row]) -> None:
        """Look at rows to find which survive the limit; nothing is written."""
        for group in self._groups(rows):
            self._note(group)

    def surveyed(self) -> None:
        """All rows have been looked at: they come again, to be written."""
        self._note(self._group)
        self._surveyed = True
        self._begin()

    def take(self, rows: Sequence[Row]) -> bytes:
        """What these rows become, as far as it is known which of them make one line."""
        return b"".join(self._written(group) for group in self._groups(rows))

    def flush(self) -> bytes:
        """What the rows that wait for more of their kind become."""
        last, self._group = self._group, []
        return self._written(last)

    def beside(self, rows: Sequence[Row]) -> bytes:
        """Rows that belong to those that went out: written as they are, neither chosen nor cut off."""
        return b"".join(self._line([row]) for row in rows)

    def end(self) -> bytes:
        """What is left, and the foot."""
        return self.flush() + self._writer.foot(self.outcome()).encode()

    def head(self) -> bytes:
        """What stands before everything; known at the end."""
        return self._writer.head(self.outcome()).encode()

    def outcome(self) -> Outcome:
        """What has come of it."""
        nations = None if self.nations is None else tuple(sorted(self.nations))
        return Outcome(self.lines, self.level, self.changed, nations)

    def _groups(self, rows: Iterable[Row]) -> Iterator[list[Row]]:
        """The rows that go out, those that make one line together."""
        of = self._format
        for row in rows:
            self._watch(row)
            if (why := reason(row, self._rules)) is not None:
                self.skipped[why] += 1
                continue
            if not of.distinct:
                yield [row]
            elif self._group and of.key(self._group[0]) == of.key(row):
                self._group.append(row)
            else:
                complete, self._group = self._group, [row]
                if complete:
                    yield complete

    def _watch(self, row: Row) -> None:
        """When time alone changes what becomes of a row, and when it last did."""
        instants = [row.valid_from, row.valid_until, None if self._age is None else row.date_added + self._age + 1]
        for instant in instants:
            if instant is None:
                continue
            if instant <= self._rules.now:
                self.changed = max(self.changed, instant)
            elif self.until is None or instant < self.until:
                self.until = instant
        self.changed = max(self.changed, row.date_added, row.judged)

    def _best(self, group: Sequence[Row]) -> Row:
        return group[0] if len(group) == 1 else max(group, key=self._format.rank)

    def _place(self, best: Row) -> tuple[object, ...]:
        # Two rows of one instant in two collections stand in the order of their values.
        return *self._format.rank(best), best.value, best.kind, best.stix_id, best.collection

    def _note(self, group: Sequence[Row]) -> None:
        if not group or self._limit is None:
            return
        best = self._best(group)
        if self._writer.line(best) is None:
            return
        place = self._place(best)
        if len(self._heap) < self._limit:
            heapq.heappush(self._heap, place)
        else:
            heapq.heappushpop(self._heap, place)

    def _written(self, group: Sequence[Row]) -> bytes:
        if not group:
            return b""
        best = self._best(group)
        if self._surveyed and self._heap and self._place(best) < self._heap[0]:
            self.truncated += 1
            return b""
        return self._line(group)

    def _line(self, group: Sequence[Row]) -> bytes:
        line = self._writer.line(self._best(group))
        if line is None:
            self.skipped["format"] += len(group)
            return b""
        self.lines += 1
        for row in group:
            self.given[row.collection] += 1
            self.level = row.level if self.level is None else max(self.level, row.level)
            if row.nations is not None:
                self.nations = (
                    frozenset(row.nations) if self.nations is None else self.nations.intersection(row.nations)
                )
        return line if isinstance(line, bytes) else line.encode()
