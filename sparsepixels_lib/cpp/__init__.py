"""From Keras to C++ through stock hls4ml, and that C++ run on images."""
