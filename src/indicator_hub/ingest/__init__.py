"""The edge that reads feeds: a source gives bytes, `normalise` makes values of them, and every indicator goes through `submit`."""
