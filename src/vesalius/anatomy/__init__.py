"""Where a body lies in a scan, and how a network is shown it."""
