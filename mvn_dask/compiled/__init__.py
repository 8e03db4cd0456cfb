"""The compiled path: stripes drawn by code that numba compiles, with the bits of the numpy path.

Input: states of SFC64 and a factor. Output: rows, written into memory that the caller gives. Cost: about 1.3 ns a
normal and 0.016 ns a multiply-add on Zen 5; 2 s for each precision where nothing is in numba's cache. The sampling
kernel draws with it where numba is installed and the bit generator is SFC64. Only this folder imports numba.
"""
