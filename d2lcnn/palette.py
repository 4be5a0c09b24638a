"""The book's colours, for figures and the interactive explorer alike: plain text, no Matplotlib."""

# Okabe & Ito (2008): told apart by readers with any common colour vision. The same colour for the same thing
# in the whole book; shapes and line styles tell series apart as well.
PALETTE = {
    "input": "#0072B2",
    "kernel": "#E69F00",
    "output": "#009E73",
    "padding": "#999999",
    "highlight": "#D55E00",
    "extra": "#CC79A7",
    "ink": "#222222",
}
