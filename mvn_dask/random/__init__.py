"""Random streams: from a seed to independent streams, one for each stripe of rows."""
