"""``tidelock demo``: the whole of Tidelock seen from outside, as one story that checks itself."""
