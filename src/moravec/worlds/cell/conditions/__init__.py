"""How a cell may differ from its drawing: light, cameras, things, the robot itself, the floor, people. One family a file."""
