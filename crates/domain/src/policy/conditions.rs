//! Conditions of rules: expressions of CEL, checked when the document is read and evaluated within bounds.
//!
//! [`scan`] bounds the text before it is parsed and finds its operands, [`words`] are the names that it may use,
//! [`meter`] bounds what it may cost, with [`fuel`]; [`ground`] is what it is evaluated over. What cannot be evaluated is
//! an error, never false: who decides must not let it pass.

mod fuel;
mod ground;
mod meter;
mod scan;
#[cfg(test)]
mod tests;
mod words;

use std::panic::{AssertUnwindSafe, catch_unwind};

use cel::common::ast::IdedExpr;
use cel::{ExecutionError, Value};

use crate::text::clean;
use ground::ENGINE;
pub(super) use ground::Ground;
use meter::Meter;
pub(super) use meter::Patterns;
use scan::Unfit;

/// The engine's parser takes about 100 kB of stack for a bracket in a build without optimizations. Address space, not
/// memory: only what is used of it is ever there.
const STACK_TO_READ: usize = 64 << 20;
/// How much of an engine's message is repeated.
const LONGEST_MESSAGE: usize = 200;

/// Conditions are read in here. `None`: there is no thread for it.
pub(super) fn on_a_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK_TO_READ).spawn_scoped(scope, work).ok()?;
        thread.join().ok()
    })
}

/// A condition that can be evaluated.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    operands: Vec<Operand>,
}

#[derive(Clone, Debug)]
struct Operand {
    text: String,
    expr: IdedExpr,
}

/// What one operand came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Seen<'c> {
    pub(super) expression: &'c str,
    /// None: it could not be evaluated.
    pub(super) value: Result<bool, String>,
}

impl Condition {
    /// Reads a condition; what is wrong with it is told with its line and column.
    pub(super) fn compile(text: &str, patterns: &mut Patterns) -> Result<Self, String> {
        let told = |unfit: Unfit| format!("{}: {}", position(text, unfit.at), unfit.what);
        let operands = scan::operands(text).map_err(told)?;
        // The whole is read first: a part alone may be well where the whole is not.
        let whole = parsed(text, patterns)?;
        let mut parts = Vec::new();
        for range in operands {
            let part = text.get(range).unwrap_or_default().trim();
            match parsed(part, patterns) {
                Ok(expr) => parts.push(Operand { text: part.to_owned(), expr }),
                // The scan was wrong about where the parts are: it is told as one.
                Err(_) => return Ok(Self { operands: vec![Operand { text: text.trim().to_owned(), expr: whole }] }),
            }
        }
        Ok(Self { operands: parts })
    }

    /// The operands in their order, until one is false: as `&&` does, one that is false decides also after one that
    /// cannot be evaluated.
    pub(super) fn evaluate(&self, ground: &Ground) -> Vec<Seen<'_>> {
        let mut all = Vec::new();
        for operand in &self.operands {
            let value = value(&operand.expr, ground);
            let decided = value == Ok(false);
            all.push(Seen { expression: &operand.text, value });
            if decided {
                break;
            }
        }
        all
    }
}

/// Whether a condition holds: false where one operand is, else an error where one is.
pub(super) fn holds(seen: &[Seen<'_>]) -> Result<bool, String> {
    if seen.iter().any(|operand| operand.value == Ok(false)) {
        return Ok(false);
    }
    let failed = seen.iter().find_map(|operand| operand.value.as_ref().err().map(|error| (operand.expression, error)));
    failed.map_or(Ok(true), |(expression, error)| Err(format!("`{expression}` cannot be evaluated: {error}")))
}

fn parsed(text: &str, patterns: &mut Patterns) -> Result<IdedExpr, String> {
    // The engine's parser has promised nothing about panics.
    let program = catch_unwind(|| ENGINE.compile(text))
        .map_err(|_| "the condition cannot be read: write it simpler".to_owned())?
        .map_err(|errors| {
            let first = errors.errors.first();
            let said = first.map(|error| format!("line {}, column {}: {}", error.pos.0, error.pos.1, error.msg));
            clean(&said.unwrap_or_else(|| "the condition cannot be read".to_owned()), LONGEST_MESSAGE)
        })?;
    let mut expr = program.expression().clone();
    let place = |id| program.source_info().offset_for(id).map_or(0, |(start, _)| start as usize);
    let metered = Meter::new(&place, patterns).put(&mut expr);
    metered.map_err(|unfit| format!("{}: {}", position(text, unfit.at), unfit.what))?;
    Ok(expr)
}

fn value(expr: &IdedExpr, ground: &Ground) -> Result<bool, String> {
    let done = catch_unwind(AssertUnwindSafe(|| fuel::run(|| ground.0.resolve(expr))));
    match done {
        Ok(Some(Ok(Value::Bool(value)))) => Ok(value),
        Ok(Some(Ok(_))) => Err("it is neither true nor false".to_owned()),
        Ok(Some(Err(error))) => Err(told(&error)),
        Ok(None) => Err("it takes too many steps".to_owned()),
        Err(_) => Err("the engine failed".to_owned()),
    }
}

/// Without values: they are the caller's, and may be long.
fn told(error: &ExecutionError) -> String {
    let said = match error {
        ExecutionError::NoSuchKey(name) => format!("`{name}` is missing; `has(…)` asks whether it is there"),
        ExecutionError::UndeclaredReference(name) => format!("`{name}` is not known here"),
        ExecutionError::NoSuchOverload(of) => {
            let given = of.argument_types().join(" and ");
            format!("`{}` does not take {given}", of.function().trim_matches('_'))
        }
        ExecutionError::ValuesNotComparable(..) => "the two cannot be compared".to_owned(),
        ExecutionError::UnexpectedType { want, .. } => format!("it needs {want}"),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "it divides by zero".to_owned(),
        ExecutionError::Overflow(..) => "a number is too large".to_owned(),
        ExecutionError::IndexOutOfBounds(_) => "there is no such item".to_owned(),
        ExecutionError::FunctionError { function, message } => format!("{function}: {message}"),
        _ => "a value has another type than it needs".to_owned(),
    };
    clean(&said, LONGEST_MESSAGE)
}

/// Where a byte stands.
fn position(text: &str, at: usize) -> String {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    format!("line {line}, column {column}")
}
