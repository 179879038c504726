"""A policy on another machine, as if it were here."""
