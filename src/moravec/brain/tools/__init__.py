"""Outside tools that a model server may look things up with. What they answer is data of strangers."""
