"""What an instruction says, and from it, with the talk so far and what is believed of the cell, what is to be done."""
