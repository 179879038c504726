"""Orders that arrive while a job runs: how they are heard, when they are done, and what the older job leaves to them."""
