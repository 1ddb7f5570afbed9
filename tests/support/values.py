"""What the hub keeps of the values in an indicator, for tests that begin before anything fills it: nothing where it is filled already."""

import hashlib
from typing import Any

from sqlalchemy import insert, select, update

from indicator_hub.stix import timestamps
from indicator_hub.stix.pattern import observable_of
from indicator_hub.store.opened import Store
from indicator_hub.store.schema import entry, observable


async def fill_values(store: Store) -> None:
    """The values and summaries of every indicator that has none."""
    import json

    async with store.transactions.begin() as tx:
        have = set((await tx.execute(select(observable.c.entry_id))).scalars())
        rows: list[dict[str, Any]] = []
        for key, collection, body in (await tx.execute(select(entry.c.id, entry.c.collection_id, entry.c.body))).all():
            value = json.loads(bytes(body))
            if key in have or value["type"] != "indicator":
                continue
            words = sorted({one.lower() for name in ("labels", "indicator_types") for one in value.get(name, ())})
            summary = {
                "name": value.get("name"),
                "confidence": value.get("confidence"),
                "valid_from": timestamps.parse(value["valid_from"]),
                "valid_until": timestamps.parse(value["valid_until"]) if "valid_until" in value else None,
                "labels": f"/{'/'.join(words)}/" if words else None,
            }
            await tx.execute(update(entry).where(entry.c.id == key).values(**summary))
            one = observable_of(value["pattern"])
            found = [(one.type, one.value, 0), *((also.type, also.value, 0) for also in one.also)] if one else []
            if one is None and "FOLLOWEDBY" in value["pattern"] and "'" in value["pattern"]:
                found = [("ipv4-addr", value["pattern"].split("'")[1], 1)]
            for kind, text, part in found:
                digest = hashlib.sha256(f"{kind} {text}".encode()).digest()[:16]
                rows.append(
                    {
                        "entry_id": key,
                        "collection_id": collection,
                        "digest": digest,
                        "kind": kind,
                        "value": text,
                        "part": part,
                    }
                )
        if rows:
            await tx.execute(insert(observable), rows)
