"""A member of each family, written through the contracts alone: what a user's own would be."""
