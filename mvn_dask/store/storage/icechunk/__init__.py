"""Repositories of icechunk as storage of a store."""
