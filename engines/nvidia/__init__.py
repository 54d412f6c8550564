"""TensorRT on an NVIDIA GPU: plans, the lanes that run them, and kernels for pictures."""
