//! Puts meters into a parsed condition, and refuses what it cannot mean.
//!
//! The engine has no limits of its own: `facts.list.all(a, facts.list.all(b, …))` takes as long as it takes, and
//! `[x].map(a, a + a).map(a, a + a)…` doubles with every step. So the body of each loop asks for fuel first, and what is
//! copied (sides of `+`, items of lists and maps) is weighed. What the macros add themselves stays as it is: the engine
//! knows it by its form.

use std::collections::BTreeMap;

use cel::common::ast::{
    CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedEntryExpr, IdedExpr, LiteralValue, operators,
};
use regex::Regex;

use super::scan::Unfit;
use super::words::{self, FUNCTIONS, GO, MATCHES, WEIGH};
use crate::patterns::regular;

/// How deep a condition may be nested, operators and meters included: evaluating takes up to 40 kB of stack for each in a
/// build without optimizations, and threads have 2 MB.
const DEEPEST: usize = 20;
/// Loops within loops.
const MOST_LOOPS: usize = 3;

/// The patterns of `matches`, by their text.
pub(in crate::policy) type Patterns = BTreeMap<String, Regex>;

pub(super) struct Meter<'p> {
    /// Where a part stands in the text.
    pub(super) place: &'p dyn Fn(u64) -> usize,
    pub(super) patterns: &'p mut Patterns,
    names: Vec<String>,
    loops: usize,
    depth: usize,
}

impl<'p> Meter<'p> {
    pub(super) fn new(place: &'p dyn Fn(u64) -> usize, patterns: &'p mut Patterns) -> Self {
        Self { place, patterns, names: Vec::new(), loops: 0, depth: 0 }
    }

    pub(super) fn put(&mut self, expr: &mut IdedExpr) -> Result<(), Unfit> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(
                self.unfit(expr.id, format!("a condition is nested at most {DEEPEST} deep: make two rules of it"))
            );
        }
        let id = expr.id;
        match &mut expr.expr {
            Expr::Call(call) => self.call(id, call)?,
            Expr::Comprehension(comprehension) => self.comprehension(id, comprehension)?,
            Expr::Ident(name) => self.name(id, name)?,
            Expr::List(list) => {
                for item in &mut list.elements {
                    self.weighed(item)?;
                }
            }
            Expr::Map(map) => {
                for entry in &mut map.entries {
                    self.entry(entry)?;
                }
            }
            Expr::Select(select) => self.put(&mut select.operand)?,
            Expr::Struct(of) => return Err(self.unfit(id, format!("there is no type `{}`", of.type_name))),
            Expr::Literal(_) | Expr::Unspecified => {}
        }
        self.depth -= 1;
        Ok(())
    }

    fn call(&mut self, id: u64, call: &mut CallExpr) -> Result<(), Unfit> {
        if let Some(what) = words::unknown(&call.func_name, FUNCTIONS, "function") {
            return Err(self.unfit(id, what));
        }
        if call.func_name == MATCHES {
            self.pattern(id, call)?;
        }
        if let Some(target) = &mut call.target {
            self.put(target)?;
        }
        for argument in &mut call.args {
            if call.func_name == operators::ADD { self.weighed(argument)? } else { self.put(argument)? }
        }
        Ok(())
    }

    /// A pattern is compiled when the document is read: never from facts.
    fn pattern(&mut self, id: u64, call: &CallExpr) -> Result<(), Unfit> {
        let Some(Expr::Literal(LiteralValue::String(text))) = call.args.last().map(|pattern| &pattern.expr) else {
            return Err(self.unfit(id, "the pattern of `matches` is a text that stands in the condition".to_owned()));
        };
        let text = text.inner().to_owned();
        let pattern = regular::compile(&text).map_err(|what| self.unfit(id, what))?;
        self.patterns.insert(text, pattern);
        Ok(())
    }

    fn name(&self, id: u64, name: &str) -> Result<(), Unfit> {
        if self.names.iter().any(|known| known == name) {
            return Ok(());
        }
        words::unknown(name, words::NAMES, "name").map_or(Ok(()), |what| Err(self.unfit(id, what)))
    }

    fn entry(&mut self, entry: &mut IdedEntryExpr) -> Result<(), Unfit> {
        match &mut entry.expr {
            EntryExpr::MapEntry(entry) => {
                self.weighed(&mut entry.key)?;
                self.weighed(&mut entry.value)
            }
            EntryExpr::StructField(field) => self.weighed(&mut field.value),
        }
    }

    fn comprehension(&mut self, id: u64, of: &mut ComprehensionExpr) -> Result<(), Unfit> {
        self.put(&mut of.iter_range)?;
        self.loops += 1;
        if self.loops > MOST_LOOPS {
            return Err(
                self.unfit(id, format!("at most {MOST_LOOPS} loops (all, exists, filter, map) stand in each other"))
            );
        }
        let names = [Some(of.iter_var.clone()), of.iter_var2.clone(), Some(of.accu_var.clone())];
        let known = self.names.len();
        self.names.extend(names.into_iter().flatten());
        self.step(&mut of.loop_step, &of.accu_var)?;
        self.names.truncate(known);
        self.put(&mut of.result)?;
        self.loops -= 1;
        Ok(())
    }

    /// One turn of a loop, in the forms that the macros give it: `@result && x`, `@result + [x]`, `x ? step : @result`.
    fn step(&mut self, step: &mut IdedExpr, result: &str) -> Result<(), Unfit> {
        let is_result = |expr: &IdedExpr| matches!(&expr.expr, Expr::Ident(name) if name == result);
        match &mut step.expr {
            Expr::Call(call) if call.args.first().is_some_and(is_result) => match call.args.get_mut(1) {
                Some(IdedExpr { expr: Expr::List(items), .. }) => {
                    for item in &mut items.elements {
                        self.weighed(item)?;
                        fuelled(item, LiteralValue::Null);
                    }
                    Ok(())
                }
                Some(body) => self.body(body),
                None => Ok(()),
            },
            Expr::Call(call) if call.func_name == operators::CONDITIONAL => {
                if let [condition, then, _] = call.args.as_mut_slice() {
                    self.body(condition)?;
                    self.step(then, result)?;
                }
                Ok(())
            }
            Expr::Ident(_) => Ok(()),
            _ => self.body(step),
        }
    }

    fn body(&mut self, body: &mut IdedExpr) -> Result<(), Unfit> {
        // `exists_one` counts with `@result + 1`.
        if matches!(body.expr, Expr::Literal(_)) {
            return Ok(());
        }
        self.depth += 1;
        self.put(body)?;
        self.depth -= 1;
        fuelled(body, LiteralValue::Boolean(false.into()));
        Ok(())
    }

    fn weighed(&mut self, expr: &mut IdedExpr) -> Result<(), Unfit> {
        // The sum of what was weighed already; a chain of sums is short.
        let is_sum = matches!(&expr.expr, Expr::Call(call) if call.func_name == operators::ADD);
        if is_sum || matches!(expr.expr, Expr::Literal(_)) {
            return self.put(expr);
        }
        self.depth += 1;
        self.put(expr)?;
        self.depth -= 1;
        let inner = std::mem::take(expr);
        *expr = call(inner.id, WEIGH, vec![inner]);
        Ok(())
    }

    fn unfit(&self, id: u64, what: String) -> Unfit {
        Unfit { at: (self.place)(id), what }
    }
}

/// `@go(size) ? expr : otherwise`.
fn fuelled(expr: &mut IdedExpr, otherwise: LiteralValue) {
    let inner = std::mem::take(expr);
    let literal = |value| IdedExpr { id: inner.id, expr: Expr::Literal(value) };
    let go = call(inner.id, GO, vec![literal(LiteralValue::Int(size(&inner).into()))]);
    *expr = call(inner.id, operators::CONDITIONAL, vec![go, literal(otherwise)]);
    if let Expr::Call(choice) = &mut expr.expr {
        choice.args.insert(1, inner);
    }
}

fn call(id: u64, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    IdedExpr { id, expr: Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args }) }
}

/// How many parts an expression has; a loop in it asks for itself.
fn size(expr: &IdedExpr) -> i64 {
    1 + match &expr.expr {
        Expr::Call(call) => {
            call.target.iter().map(|target| size(target)).sum::<i64>() + call.args.iter().map(size).sum::<i64>()
        }
        Expr::List(list) => list.elements.iter().map(size).sum(),
        Expr::Map(map) => i64::try_from(map.entries.len()).unwrap_or(i64::MAX),
        Expr::Select(select) => size(&select.operand),
        Expr::Comprehension(inner) => size(&inner.iter_range),
        _ => 0,
    }
}
