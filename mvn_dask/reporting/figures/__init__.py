"""The pictures of a report: inline SVG, and PNG inside it."""
