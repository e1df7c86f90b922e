"""Server: the clinic's desk, a service on the hospital's own machine."""
