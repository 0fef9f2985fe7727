//! Actions as they are read and described.
