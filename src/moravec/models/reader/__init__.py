"""A small model that reads: a sentence in, a lawful sequence of tokens out, words that cannot be foreseen pointed at."""
