"""The edge process: the control loop, the guard and a watchdog, and nothing else.

No model, no brain and no network is in it. It talks to the rest over one piece of shared memory with numbered, dated and
checksummed mailboxes, and brakes by itself whenever the others fall silent.
"""
