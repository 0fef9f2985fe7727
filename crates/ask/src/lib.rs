//! Questions answered from what the installation knows, with tools that only read.
