//! Documents that people write (the catalog, policies, rules for signals), read member by member: everything that does
//! not fit is told with where it stands and what would fit, not only the first. A member that is not known is a mistake,
//! never passed over. What the members mean is decided by who reads them.

mod reader;
mod values;

pub(crate) use reader::{Place, Reader, nearest, pointer, shown};
pub(crate) use values::{UNITS, duration};

/// Something in a document that does not fit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// A JSON pointer into the document.
    pub pointer: String,
    /// What is wrong and what would be right.
    pub detail: String,
}
