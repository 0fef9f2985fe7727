//! The names and functions that a condition may use. Others are mistakes, told when the document is read.

use cel::common::ast::operators as of;

use crate::documents::{nearest, shown};

/// What is known of the thing that is decided about.
const VARIABLES: &[&str] = &["kind", "subject", "action", "team", "service", "environment", "facts", "now"];

/// Variables and the names of types.
pub(super) const NAMES: &[&str] = &[
    "kind",
    "subject",
    "action",
    "team",
    "service",
    "environment",
    "facts",
    "now",
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "list",
    "map",
    "null_type",
    "type",
    "optional",
];

pub(super) const MATCHES: &str = "matches";
/// Ours: asks for fuel, weighs a value. No condition can be written with them.
pub(super) const GO: &str = "@go";
pub(super) const WEIGH: &str = "@weigh";

/// Operators by the engine's names, and functions. Macros (`has`, `all`, `exists`, …) are gone after parsing; one that is
/// called with the wrong arguments is still there, and unknown.
pub(super) const FUNCTIONS: &[&str] = &[
    of::CONDITIONAL,
    of::LOGICAL_AND,
    of::LOGICAL_OR,
    of::LOGICAL_NOT,
    of::SUBSTRACT,
    of::ADD,
    of::MULTIPLY,
    of::DIVIDE,
    of::MODULO,
    of::EQUALS,
    of::NOT_EQUALS,
    of::GREATER_EQUALS,
    of::LESS_EQUALS,
    of::GREATER,
    of::LESS,
    of::NEGATE,
    of::INDEX,
    of::OPT_INDEX,
    of::OPT_SELECT,
    of::NOT_STRICTLY_FALSE,
    of::IN,
    "size",
    "contains",
    "startsWith",
    "endsWith",
    MATCHES,
    "int",
    "uint",
    "double",
    "string",
    "bool",
    "bytes",
    "type",
    "dyn",
    "duration",
    "timestamp",
    "getFullYear",
    "getMonth",
    "getDate",
    "getDayOfMonth",
    "getDayOfWeek",
    "getDayOfYear",
    "getHours",
    "getMinutes",
    "getSeconds",
    "getMilliseconds",
    "orValue",
    "or",
    "hasValue",
    "value",
    "of",
    "none",
    "ofNonZeroValue",
];

/// What is wrong with a word that is none of these.
pub(super) fn unknown(word: &str, known: &[&str], what: &str) -> Option<String> {
    if known.contains(&word) || word.starts_with('@') {
        return None;
    }
    let meant = match nearest(word, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None if what == "name" => format!("known are {}", VARIABLES.join(", ")),
        None => "docs/POLICY.md lists what there is".to_owned(),
    };
    Some(format!("`{}` is no known {what}; {meant}", shown(word)))
}
