"""Training data: dataset readers, crops, augmentation, labels and pairs. NumPy and OpenCV only."""
