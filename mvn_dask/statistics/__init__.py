"""Statistics of the rows of an array, in one pass: a file each, by the contract of `base.Statistic`."""
