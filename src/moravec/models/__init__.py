"""The suite of robot models, and the contract that any policy keeps."""
