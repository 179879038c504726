"""A plan's steps shared out among several robots: who does what, when, in which order, and who may be where."""
