"""What the benchmarks are made of: cells, peers, their cache, scores and pictures."""
