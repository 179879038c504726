"""What lasts from job to job, in one SQLite file: events in a chain, and tables made from them."""
