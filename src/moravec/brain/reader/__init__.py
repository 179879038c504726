"""English and Chinese sentences to wishes, by a small network that was trained for it."""
