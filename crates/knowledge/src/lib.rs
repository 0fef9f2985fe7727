//! What the installation has read: documents in chunks, fetched from where they are kept, found again by words and by meaning.
