"""How things are built into a model: the usual shapes, shapes nobody has seen, patterns, and what lies about."""
