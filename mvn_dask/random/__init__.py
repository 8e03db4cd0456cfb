"""Randomness: from a seed to independent streams."""
