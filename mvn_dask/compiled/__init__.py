"""The fast path: stripes drawn by code that numba compiles, with the bits of the numpy path.

It is used where numba is installed and the bit generator is SFC64. Everything that knows of numba lives here.
"""
