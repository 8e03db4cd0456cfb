"""Benchmarks: every module has a `measure(small)` that returns rows for one table."""
