"""The hub's own API beside TAXII, /api/v1: what one may see and why, one's own record, and the deeds that TAXII has no words for.

JSON in and out; refusals are problem details (RFC 9457); lists are paged by key; a POST with an Idempotency-Key is done once.
"""
