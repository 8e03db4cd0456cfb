"""The schema of a job file, as pydantic models: one table per file."""
