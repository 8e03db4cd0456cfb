"""This machine and this environment, as the package finds them: what is wrong, and the cure of each."""
