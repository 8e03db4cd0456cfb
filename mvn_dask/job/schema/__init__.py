"""What a job file may say, as pydantic models: a table a file."""
