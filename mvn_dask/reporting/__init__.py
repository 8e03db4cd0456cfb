"""A page about a store: what was drawn, how it looks, and whether it is what its record says.

`report` reads every chunk once, on dask's current scheduler, and keeps sums and counts of bounded size. Its `Report`
puts them into words, numbers and one self-contained HTML page.
"""
