"""Statistics of lazy arrays in one pass: estimates with their errors, and rows until an error is small enough."""
