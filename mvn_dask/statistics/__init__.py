"""Statistics of the rows of an array, in one pass: computed leaf by leaf, merged in a fixed binary tree.

A statistic is a file, by the contract of `base.Statistic`; `forest.Forest` runs any of them.
"""
