"""Meta-World's table, not as drawn: camera, robot, light, background, sensor, layout, and how actions are carried out."""
