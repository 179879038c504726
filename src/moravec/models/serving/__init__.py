"""A policy behind a socket: what its messages are made of, and the server that speaks them (the openpi protocol)."""
