"""The steps, oldest first. A released one is never changed."""
