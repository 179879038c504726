"""A Model Context Protocol server: the robot's skills and memory for any client, and motion that a person approved."""
