"""Picks and puttings down in the delivery cell, one to a delivery, beside what the hard-coded skills make of it."""
