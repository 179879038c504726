"""The decision itself: pure functions over numbers, in the subset of Python that Numba compiles.

Interpreted it is the specification that people read, and that coverage and mutation tests run on; `moravec.guard.compiled`
makes machine code of the same text. Both give the same bits, which tests hold them to. What that asks of the text:

- no objects but the four records of `form`, whose vectors are lists here and arrays there; nothing is allocated
- `lesser` and `larger` for min and max, which treat NaN and signed zeros otherwise in the two forms
- integers for names (`codes`); words are made outside (`moravec.guard.reasons`)

form        what the decision reads, remembers and answers
codes       numbers for decisions, checks, states, events, modes
stops       the stop state machine, as a table
kinematics  where the robot's parts are
checks      one function per limit
braking     the braking that every accepted command leaves room for
collision   distances between the robot's parts, and to the cell
people      separation, contact, zones
motion      one set-point judged against the last one
decide      all of it, in order
"""
