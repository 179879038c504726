"""LeRobotDataset v3.0 on disk, written and read with pyarrow and PyAV alone."""
