"""Random streams: from a seed to independent streams, one for each stripe of rows.

Input: anything that seeds numpy's ``default_rng``. Output: a `Root`, and numpy Generators or SFC64 states of its
children. Cost: 20 µs for a Generator, 0.2 ms for the states of all stripes of a block.
"""
