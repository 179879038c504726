"""The crane: a program for the cell as a controls engineer would write it, without cameras, that reports put beside the robot."""
