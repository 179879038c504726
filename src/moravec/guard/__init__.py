"""The guard: every motion passes it, and it can say no.

It is a risk-reducing layer in front of a robot's certified safety functions, never a replacement for them. Decisions are
pure functions over sequences of floats, without I/O and without a clock of their own.

limits      what a robot may do, as one frozen table
kinematics  where the tool is, from the table alone
checks      one pure function per limit
braking     the braking every accepted command leaves room for, and how a small excess is pulled back
stop        the stop state machine, as a table
guard       the one object in the path to the actuators
"""
