"""Episodes on disk: what is recorded, how it is stored, what is wrong with it, and what it says about itself."""
