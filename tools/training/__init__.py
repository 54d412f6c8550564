"""Networks of our own: made-up and real words to learn from, and how they are trained, judged and written as ONNX files."""
