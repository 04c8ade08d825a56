"""What the names in a syntax tree mean; pure functions that know no protocol and no runtime."""
