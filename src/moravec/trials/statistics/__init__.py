"""What numbers of successes say: intervals, pairs, when to stop, how many more, and when something drifts. Pure functions."""
