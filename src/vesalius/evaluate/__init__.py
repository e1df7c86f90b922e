"""Does it hold? Data sets, the one split, and a verb measured over patients."""
