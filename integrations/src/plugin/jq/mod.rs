//! The language of mappings: jq, run by jaq under limits that no program gets around.
//!
//! [`Program`] holds all mappings of one plugin. A program is parsed ([`parse`]), every step of it and of the standard
//! definitions is counted ([`guard`]), and it runs over values that know their size ([`value`]) with functions that
//! reach nothing outside ([`natives`]). What a run gives depends on its input alone.

mod access;
mod arithmetic;
mod fuel;
mod guard;
mod natives;
mod order;
mod parse;
mod patterns;
mod value;

use jaq_core::load::parse::{Def, Term};
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars};
use serde_json::Value as Json;

use fuel::Spent;
use natives::Kind;
use value::Value;

pub(crate) use parse::Fault;

/// The texts that a program writes as a type, each with its place.
pub(crate) fn written_types(code: &str) -> Vec<(usize, String)> {
    let read = || parse::written_types(code).into_iter().map(|(at, text)| (at, text.to_owned())).collect();
    fuel::run(fuel::TO_READ, read).unwrap_or_default()
}

/// The most events that one delivery makes.
const MOST_EVENTS: usize = 1000;
/// How large they may be together: values and pieces of 16 bytes of text, about a megabyte of text.
const LARGEST_OUTPUT: usize = 65_536;
const DEEPEST_OUTPUT: u32 = 64;

/// Mappings that are ready to run.
pub(crate) struct Program(Filter<Kind>);

/// What a mapping is told beside the body.
pub(crate) struct Given<'a> {
    pub(crate) kind: &'a str,
    /// The kept headers, by their lower-case names.
    pub(crate) headers: &'a [(String, String)],
}

/// Why a run gave nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// Without anything of the body.
    pub(crate) reason: &'static str,
    /// The engine's own words, which may quote the body: for the author of a plugin, at their own terminal.
    pub(crate) detail: Option<String>,
}

impl std::fmt::Debug for Program {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Program")
    }
}

impl Program {
    /// Definitions that all mappings share, and the mappings.
    pub(crate) fn compile(definitions: &str, mappings: &[&str]) -> Result<Self, Fault> {
        let compiled = fuel::run(fuel::TO_READ, || compile(definitions, mappings));
        compiled
            .unwrap_or_else(|| Err(Fault { piece: 0, at: 0, what: "it cannot be compiled: write it simpler".into() }))
    }

    /// What one of the mappings makes of a body.
    pub(crate) fn run(&self, mapping: usize, body: &Json, given: &Given<'_>) -> Result<Vec<Json>, Failure> {
        let outcome = fuel::run(fuel::TO_RUN, || {
            let made = self.events(mapping, body, given);
            // A program may have caught what told it to stop: its result does not count all the same.
            fuel::spent().map_or(made, |limit| Err(Failure { reason: reason(limit), detail: None }))
        });
        outcome.unwrap_or(Err(Failure { reason: "its mapping could not be run", detail: None }))
    }

    fn events(&self, mapping: usize, body: &Json, given: &Given<'_>) -> Result<Vec<Json>, Failure> {
        let headers = given.headers.iter().map(|(name, value)| (name.as_str().into(), Value::text(value))).collect();
        let vars = Vars::new([Value::text(given.kind), Value::object(headers), Value::from(mapping)]);
        let context = Ctx::<Kind>::new(&self.0.lut, vars);
        let (mut events, mut size) = (Vec::new(), 0);
        for made in self.0.id.run((context, Value::from(body))) {
            let event = made.map_err(|thrown| Failure {
                reason: "its mapping failed",
                detail: thrown.get_err().ok().map(|error| error.to_string()),
            })?;
            size += event.size();
            let too_much = if events.len() == MOST_EVENTS {
                Some("its mapping makes more than 1000 events")
            } else if size > LARGEST_OUTPUT {
                Some("its mapping makes more than a megabyte")
            } else if event.depth() > DEEPEST_OUTPUT {
                Some("its mapping nests more than 64 deep")
            } else {
                None
            };
            if let Some(reason) = too_much {
                return Err(Failure { reason, detail: None });
            }
            events.push(event.to_json());
        }
        Ok(events)
    }
}

fn reason(limit: Spent) -> &'static str {
    match limit {
        Spent::Steps => "its mapping takes too many steps",
        Spent::Nesting => "its mapping nests too deep",
    }
}

/// Definitions of the engine's library that need what we leave out: clocks, logs, the end of the program, and
/// mathematics that differ from machine to machine.
const LEFT_OUT: &[&str] = &[
    "@html",
    "@htmld",
    "@uri",
    "@urid",
    "debug",
    "drem",
    "gamma",
    "halt",
    "halt_error",
    "logb",
    "nexttoward",
    "pow10",
    "scalb",
    "significand",
    "stderr",
    "@base64",
    "@base64d",
];

/// The variables of a program, the last of which says which mapping is to run.
const VARIABLES: [&str; 3] = ["$kind", "$headers", "$em_agent_mapping"];

fn compile(definitions: &str, mappings: &[&str]) -> Result<Program, Fault> {
    let names: Vec<String> = (0..mappings.len()).map(|number| format!("em_agent_mapping_{number}")).collect();
    let mut prelude: Vec<Def<&str>> = library();
    prelude.extend(parse::definitions(definitions)?);
    for (number, (name, code)) in names.iter().zip(mappings).enumerate() {
        let body: Term<&str> = parse::term(code, 1 + number)?;
        prelude.push(Def { name, args: Vec::new(), body });
    }
    let main = choice(&names);
    let arena = Arena::default();
    let modules = Loader::new(prelude.into_iter().map(guard::definition)).load(&arena, File { code: &*main, path: () });
    let unknown = |name: Option<(&str, String)>| {
        let (name, what) = name.unwrap_or(("", "it cannot be compiled".to_owned()));
        parse::locate(definitions, mappings, name, what)
    };
    let modules = modules.map_err(|_| unknown(None))?;
    let compiler = Compiler::default().with_funs(natives::natives()).with_global_vars(VARIABLES);
    let filter = compiler.compile(modules).map_err(|errors| {
        let first = errors.into_iter().flat_map(|(_, errors)| errors).next();
        unknown(first.map(|(name, undefined)| (name, format!("there is no {} {name} here", undefined.as_str()))))
    })?;
    Ok(Program(filter))
}

fn choice(names: &[String]) -> String {
    let case = |(number, name)| format!("if $em_agent_mapping == {number} then {name} else ");
    let cases: String = names.iter().enumerate().map(case).collect();
    format!("{cases}empty{}", " end".repeat(names.len()))
}

/// The engine's definitions and ours, later ones before earlier ones of the same name.
fn library() -> Vec<Def<&'static str>> {
    let theirs = jaq_core::defs().chain(jaq_std::defs()).filter(|def| !LEFT_OUT.contains(&def.name));
    let ours = parse::definitions(include_str!("definitions.jq")).unwrap_or_default();
    theirs.chain(ours).collect()
}

#[cfg(test)]
mod tests;
