"""What may read entries without asking the predicate, and which deed may use it: to extend these lists is to give a reason."""

TABLE_MODULES = {
    "visible": "the predicate",
    "pages": "the statements of a page",
    "entries": "object versions in their collections",
    "additions": "new ones",
    "rulings": "the audiences of entries, worked out again",
    "records": "versions with all that is kept of them",
    "recalls": "whom what was taken back had been given to",
    "exports": "the values of indicators, in order, for lists",
    "references": "what refers to what",
    "relations": "what refers to an object, for who looks at it",
    "definitions": "what organisations say their marks mean",
    "observables": "the values in entries",
    "search": "what is found by values, ids and words, and counts",
}
"""The modules of the store that take the tables of entries."""

EDGE_MAY = {
    "opened": "to open the store",
    "engine": "the database's URL",
    "migrate": "the schema's history",
}
"""The modules of the store that `web`, `cli` and `ingest` may call."""

OWN = {
    "records.own": "an organisation's own record, listed",
    "records.own_versions": "the same, of one object",
    "records.own_latest": "the same, the newest of some ids: what a feed brought, to say that it has ended; what a person posts a new version of",
}
"""Readers that ask for an organisation's own instead of for a reach. Those who call them say whose: the caller's."""

HARMLESS = {
    "pages._AS_OF": "the collection's clock, beside the rows of a page",
    "pages._UPTO": "where a page can end at the latest: an instant, of rows of the reader's own",
}
"""Constants of the store that select, and what: none of them touches a table of entries."""

GIVEN = {
    "pages._KEYS": "the keys that the ranges of the same statement give, each of them under the predicate",
    "search._PLACED": "the keys of what is said, each of them under the predicate",
}
"""What a statement at the top of a module, or of pages, may read entries by instead of by the predicate itself."""

INTERNAL = {
    "entries.lines": "every version of an id, to judge by; no body",
    "entries.body": "one body, to compare a duplicate by value",
    "additions.add": "the keys of the rows that it has just written",
    "rulings.waiting": "entries that a mark holds, to be ruled again",
    "rulings.unmarked": "the same, of a collection whose level is not their own",
    "rulings.of_organisation": "the same, of an organisation",
    "rulings.to_rule": "the same, by key",
    "rulings.set_line_order": "where a line stood, for the history",
    "rulings.uncover": "what comes to light when something goes, to be given a new date",
    "rulings.before_recall": "whom a recalled copy reached, as the most that it may reach again",
    "entries.any_recalled": "whether an organisation took anything of its own back, so that its feeds have to look what",
    "entries.closed": "which of an organisation's own lines were recalled whole, by id alone",
    "definitions.known": "what an organisation itself has said its marks mean",
    "references.unsettled": "the entries whose audience is to be another",
    "references.foreseen": "the ruling that an object would have, by the lines that count for it",
    "references._of": "which versions refer to anything",
    "references._led_to": "which entries lead to a line",
    "references._lines_of": "lines by key",
    "references._nodes": "audiences that follow from one another",
    "records.by_entry": "the version that a consent is about; no body",
    "records.releases": "the copies that a recall reaches, by key alone",
    "records.copies": "the same, of some collections",
    "records.live_copies": "the same, as far as they are not recalled",
    "consents.released_by": "copies that the caller's own organisation released, by key alone",
    "definitions.of_organisations": "what originators have said may be done with what bears their marks",
    "exports.went": "when something that a reader saw was last taken from it: an instant, no row",
    "exports.facts": "the values of what was taken back, to work out whether a list held them; no body",
    "recalls.traced": "what an id was at each time, to work out who was given it; no body",
}
"""Functions of the store that read for the hub's own ruling: why nothing of it gets out."""

DEEDS = {
    "submit.submit": (
        "judges what is offered by what is there; its answer is the status",
        {"entries.lines", "entries.body", "additions.add", "definitions.known"},
    ),
    "submit.foresee": (
        "the same judgement, with nothing stored",
        {"entries.lines", "entries.body", "definitions.known", "references.foreseen"},
    ),
    "recall.delete": (
        "whom a line belongs to, and its copies",
        {"entries.lines", "records.releases", "rulings.uncover"},
    ),
    "recall.recall": ("the same", {"entries.lines", "records.releases", "rulings.uncover"}),
    "recall.recall_own": (
        "the same, from the caller's own record",
        {"entries.lines", "records.releases", "records.own_versions", "rulings.uncover"},
    ),
    "recall.lock_copies": ("the collections whose clocks are taken", {"records.releases"}),
    "release.release": (
        "what the caller's own organisation released there, and whether it is there afterwards",
        {"consents.released_by", "records.live_copies"},
    ),
    "recall.take_back_releases": (
        "the copies that a consent carried",
        {"entries.lines", "records.releases", "rulings.uncover"},
    ),
    "reissue.reissue": (
        "what of a line is recalled, and its marks as they are",
        {"entries.lines", "rulings.to_rule", "rulings.before_recall"},
    ),
    "remark.remark": (
        "rules again; tells how many",
        {
            "entries.lines",
            "rulings.waiting",
            "rulings.unmarked",
            "rulings.of_organisation",
            "rulings.to_rule",
            "rulings.set_line_order",
            "rulings.uncover",
        },
    ),
    "remark.meanings_of": ("what marks mean to the hub, for a ruling", {"definitions.known"}),
    "claim.Run.known": ("which of its own lines a feed must not bring again", {"entries.closed"}),
    "claim.Run.closed": ("the same, under other marks", {"entries.closed"}),
    "claim.Run.took_back": ("whether there are any", {"entries.any_recalled"}),
    "claim.Run.latest": ("what the feed itself brought, to say that it has ended", {"records.own_latest"}),
    "consent.answer": (
        "tells the two parties what it is about, both had it; takes back its releases",
        {"records.by_entry", "records.copies"},
    ),
    "consent.listed": ("tells the two parties what it is about, both had it", {"records.by_entry"}),
    "consent.one_consent": ("the same", {"records.by_entry"}),
    "recalls.listed": (
        "names the versions that the caller's organisation was given",
        {"recalls.traced", "exports.facts"},
    ),
    "recalls.waiting": ("only counts them", {"recalls.traced", "exports.facts"}),
    "recalls.acknowledge": ("the same", {"recalls.traced", "exports.facts"}),
    "recalls.issued": ("tells an originator who was given its own versions", {"recalls.traced", "exports.facts"}),
    "export._Source.batches": (
        "leaves out what a mark keeps from being acted upon, of what the reader sees",
        {"definitions.of_organisations"},
    ),
    "export._Source.changed": ("when the list changed last, for its reader", {"exports.went"}),
    "own.listed": ("the caller's own organisation's record", {"records.own"}),
    "own.versions": ("the same, of one object, with its bytes", {"records.own_versions"}),
    "own.newest": ("the caller's own organisation's last versions, for new ones to follow", {"records.own_latest"}),
}
"""The deeds that reach one of those, themselves or by helpers of theirs: what for, and which. Nobody else does."""
