"""The edge that speaks HTTP. Parses a request, does one deed, renders the answer; decides nothing about who may see what."""
