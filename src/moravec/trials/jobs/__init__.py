"""Whole jobs, many of them, in a workplace as drawn and in one that is not: suites as data, the attempts, and what they say."""
