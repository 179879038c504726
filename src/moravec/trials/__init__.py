"""How reliable something is: attempts, scored by the simulator's truth, and what may be claimed from them."""
