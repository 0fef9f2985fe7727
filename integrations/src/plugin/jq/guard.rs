//! Puts a counted step in front of everything that a program evaluates, and a counted call in front of every
//! definition's body. What comes first in a pipe leaves calls at its end what they are: tail calls, which need no stack.

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Def, Pattern, Term};
use jaq_core::path::{Part, Path};

use super::natives::{CALL, STEP};

type Tree<'s> = Term<&'s str>;

pub(super) fn definition(def: Def<&str>) -> Def<&str> {
    Def { name: def.name, args: def.args, body: after(CALL, term(def.body)) }
}

fn after<'s>(first: &'static str, then: Tree<'s>) -> Tree<'s> {
    Term::BinOp(Box::new(Term::Call(first, Vec::new())), BinaryOp::Pipe(None), Box::new(then))
}

/// Leaves cost nothing themselves: what holds them is counted.
fn term(tree: Tree<'_>) -> Tree<'_> {
    match tree {
        Term::Id | Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => tree,
        Term::Str(None, ref parts) if parts.iter().all(|part| !matches!(part, StrPart::Term(_))) => tree,
        other => after(STEP, inside(other)),
    }
}

fn boxed(tree: Tree<'_>) -> Box<Tree<'_>> {
    Box::new(term(tree))
}

fn all(trees: Vec<Tree<'_>>) -> Vec<Tree<'_>> {
    trees.into_iter().map(term).collect()
}

fn inside(tree: Tree<'_>) -> Tree<'_> {
    match tree {
        Term::Str(format, parts) => Term::Str(format, parts.into_iter().map(part_of_text).collect()),
        Term::Arr(items) => Term::Arr(items.map(|tree| boxed(*tree))),
        Term::Obj(members) => Term::Obj(members.into_iter().map(member).collect()),
        Term::Neg(inner) => Term::Neg(boxed(*inner)),
        Term::BinOp(left, BinaryOp::Pipe(Some(bound)), right) => {
            Term::BinOp(boxed(*left), BinaryOp::Pipe(Some(pattern(bound))), boxed(*right))
        }
        Term::BinOp(left, operator, right) => Term::BinOp(boxed(*left), operator, boxed(*right)),
        Term::Label(name, inner) => Term::Label(name, boxed(*inner)),
        Term::Fold(name, over, bound, parts) => Term::Fold(name, boxed(*over), pattern(bound), all(parts)),
        Term::TryCatch(tried, caught) => Term::TryCatch(boxed(*tried), caught.map(|tree| boxed(*tree))),
        Term::IfThenElse(cases, otherwise) => {
            let cases = cases.into_iter().map(|(asked, then)| (term(asked), term(then)));
            Term::IfThenElse(cases.collect(), otherwise.map(|tree| boxed(*tree)))
        }
        Term::Def(defs, inner) => Term::Def(defs.into_iter().map(definition).collect(), boxed(*inner)),
        Term::Call(name, arguments) => Term::Call(name, all(arguments)),
        Term::Path(from, path) => {
            let parts = path.0.into_iter().map(|(part, optional)| (part_of_path(part), optional));
            Term::Path(boxed(*from), Path(parts.collect()))
        }
        leaf => leaf,
    }
}

fn part_of_text<'s>(part: StrPart<&'s str, Tree<'s>>) -> StrPart<&'s str, Tree<'s>> {
    match part {
        StrPart::Term(inner) => StrPart::Term(term(inner)),
        other => other,
    }
}

/// `{name}` and `{$name}` mean more than their key says: such a key stays what it is.
fn member<'s>((name, value): (Tree<'s>, Option<Tree<'s>>)) -> (Tree<'s>, Option<Tree<'s>>) {
    match value {
        Some(value) => (term(name), Some(term(value))),
        None => (inside(name), None),
    }
}

fn part_of_path(part: Part<Tree<'_>>) -> Part<Tree<'_>> {
    match part {
        Part::Index(index) => Part::Index(term(index)),
        Part::Range(from, to) => Part::Range(from.map(term), to.map(term)),
    }
}

fn pattern(bound: Pattern<&str>) -> Pattern<&str> {
    match bound {
        Pattern::Var(name) => Pattern::Var(name),
        Pattern::Arr(items) => Pattern::Arr(items.into_iter().map(pattern).collect()),
        Pattern::Obj(members) => {
            Pattern::Obj(members.into_iter().map(|(name, inner)| (term(name), pattern(inner))).collect())
        }
    }
}
