"""Moravec: an open, full-stack physical-AI system. See README.md for the map of the folders."""

__version__ = "0.1.0"
