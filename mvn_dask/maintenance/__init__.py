"""Stores compared with their samples, repaired and extended."""
