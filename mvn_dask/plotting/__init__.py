"""Pictures on matplotlib, of numbers in memory; matplotlib is imported when one is drawn."""
