"""Demonstrations made here: by Meta-World's scripted experts, and by the hard-coded skills of the delivery cell."""
