"""Networks of our own: synthetic and real words to learn from, and how they are trained, judged and written as ONNX files."""
