"""What happened around each stop on a tape: found, measured, told and drawn."""
