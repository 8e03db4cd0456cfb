"""From a mean and a factor to a lazy array of samples."""
