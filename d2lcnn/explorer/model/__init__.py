"""What the explorer computes: links, sizes, values, gradients, and the words for them. Nothing here draws."""
