"""A learned way to take hold of things: a pilot that looks and says where the hand goes next, under the same checks."""
