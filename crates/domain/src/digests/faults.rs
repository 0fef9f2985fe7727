//! What does not hold in an answer: each fault is a sentence that a model can mend it by.
//!
//! The sentences hold words of the answer: they are for the model that wrote them, never for people. People are told the
//! [`Fault::reason`].

use std::fmt;

use super::{About, HEADLINE, TEXT};

/// Where in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Answer,
    Headline,
    Item { section: usize, item: usize },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer => f.write_str("the answer"),
            Self::Headline => f.write_str("the headline"),
            Self::Item { section, item } => write!(f, "sections[{section}].items[{item}]"),
        }
    }
}

/// One thing that does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct Fault {
    pub place: Place,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum What {
    #[error("it is not one JSON object of the asked shape: {0}")]
    Shape(String),
    #[error("it says nothing; leave it out, or say what the cited events show")]
    Empty,
    #[error("the text is too long: a headline has at most {HEADLINE} characters, an item {TEXT}")]
    TooLong,
    #[error("there are too many sections or items; keep what matters most")]
    TooMany,
    #[error("the section kind {0} is not for this digest; use one of the kinds in the schema")]
    Section(String),
    #[error("the cited events are none of section {0:?}; move the item to the section of its events")]
    WrongSection(About),
    #[error("it cites no event; cite those that prove it")]
    NoEvents,
    #[error("the event {0} is not in the material; cite only ids that stand there")]
    UnknownEvent(String),
    #[error("it holds {0}; write plain words")]
    Markup(&'static str),
    #[error("the number {0} is not in what it cites; use only numbers that stand there, or leave it out")]
    Number(String),
    #[error("the name {0} is not in what it cites; use only names that stand there")]
    Name(String),
    #[error("the quoted words {0} do not stand in what it cites")]
    Quote(String),
    #[error("these words of somebody else must stand in quotation marks, or be said in other words: {0}")]
    Unquoted(String),
    #[error("the cited events do not say {0}; say only what they show happened")]
    Outcome(String),
    #[error("most of it is not in what it cites ({0}); say only what stands there")]
    Ungrounded(String),
}

impl Fault {
    /// In a few words of ours.
    pub fn reason(&self) -> &'static str {
        match self.what {
            What::Shape(_) => "it was not of the asked shape",
            What::Empty => "it said nothing",
            What::TooLong | What::TooMany => "it was too long",
            What::Section(_) | What::WrongSection(_) => "it put things where they do not belong",
            What::NoEvents => "it cited nothing",
            What::UnknownEvent(_) => "it cited events that are not there",
            What::Markup(_) => "it held links, mentions or markup",
            What::Number(_) => "it had numbers that are not in the facts",
            What::Name(_) => "it had names that are not in the facts",
            What::Quote(_) | What::Unquoted(_) => "it did not quote as it should",
            What::Outcome(_) => "it said what did not happen",
            What::Ungrounded(_) => "it said what the facts do not",
        }
    }
}
