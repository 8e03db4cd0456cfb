"""Reports: what a store holds, compared with what its manifest says that it should hold.

Input: a store. Output: a `Report`, with verdicts, numbers and one self-contained HTML page. Cost: one pass over the
chunks, on dask's current scheduler; sums and counts of bounded size are kept.
"""
