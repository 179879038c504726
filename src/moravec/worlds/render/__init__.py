"""Drawing a simulated workplace: OpenGL where the machine has it, ray casting where it does not."""
