"""Who does the attempts of a trial: this process, several processes, or a Ray cluster, with the same results; and what becomes
of an attempt that hangs, crashes, or takes its process with it."""
