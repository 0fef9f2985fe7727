//! Walking JSON with a note of where one is, and gathering faults.

use serde_json::Value;

use super::Fault;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Place<'v> {
    pub(crate) pointer: String,
    pub(crate) value: &'v Value,
}

#[derive(Debug, Default)]
pub(crate) struct Reader {
    pub(crate) faults: Vec<Fault>,
}

/// A JSON pointer of these steps.
pub(crate) fn pointer(steps: &[&str]) -> String {
    steps.iter().map(|step| format!("/{}", step.replace('~', "~0").replace('/', "~1"))).collect()
}

impl<'v> Place<'v> {
    pub(crate) fn root(value: &'v Value) -> Self {
        Self { pointer: String::new(), value }
    }

    fn at(&self, step: &str, value: &'v Value) -> Self {
        Self { pointer: format!("{}{}", self.pointer, pointer(&[step])), value }
    }
}

impl Reader {
    pub(crate) fn fault(&mut self, place: &Place<'_>, detail: String) {
        self.faults.push(Fault { pointer: place.pointer.clone(), detail });
    }

    /// The members of an object whose names are known; others are faults.
    pub(crate) fn members<'v>(&mut self, place: &Place<'v>, known: &[&str]) -> Vec<(&'v str, Place<'v>)> {
        let entries = self.entries(place, &format!("with any of {}", known.join(", ")));
        let (fit, others): (Vec<_>, Vec<_>) = entries.into_iter().partition(|(name, _)| known.contains(name));
        for (name, member) in others {
            let meant = nearest(name, known)
                .map_or_else(|| format!("known here: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
            self.fault(&member, format!("`{}` is not known; {meant}", shown(name)));
        }
        fit
    }

    /// Every member of an object. Nothing (`services:` with nothing below) is an empty one.
    pub(crate) fn entries<'v>(&mut self, place: &Place<'v>, what: &str) -> Vec<(&'v str, Place<'v>)> {
        match place.value {
            Value::Object(all) => all.iter().map(|(name, value)| (name.as_str(), place.at(name, value))).collect(),
            Value::Null => Vec::new(),
            other => {
                self.fault(place, format!("an object {what} belongs here, not {}", kind(other)));
                Vec::new()
            }
        }
    }

    /// The items of a list; a thing that is no list is a list of one.
    pub(crate) fn items<'v>(&mut self, place: &Place<'v>) -> Vec<Place<'v>> {
        match place.value {
            Value::Array(all) => {
                all.iter().enumerate().map(|(number, value)| place.at(&number.to_string(), value)).collect()
            }
            Value::Null => Vec::new(),
            _ => vec![place.clone()],
        }
    }
}

pub(crate) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A name as an answer repeats it.
pub(crate) fn shown(name: &str) -> String {
    crate::text::clean(name, 60)
}

/// The known name that differs in at most a third of its letters.
pub(crate) fn nearest<'k>(name: &str, known: &[&'k str]) -> Option<&'k str> {
    let near = |known: &&'k str| (steps(&name.to_lowercase(), known), *known);
    let (steps, near) = known.iter().filter(|_| name.len() <= 60).map(near).min()?;
    (steps <= near.chars().count().div_ceil(3)).then_some(near)
}

/// How many letters have to be changed, added or taken away.
fn steps(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (number, letter) in from.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], number + 1);
        for (place, other) in to.iter().enumerate() {
            let changed = before + usize::from(letter != *other);
            before = row[place + 1];
            row[place + 1] = changed.min(before + 1).min(row[place] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_near_name_is_offered() {
        assert_eq!(nearest("enviroments", &["environments", "deployments"]), Some("environments"));
        assert_eq!(nearest("Repos", &["repos"]), Some("repos"));
        assert_eq!(nearest("color", &["repos", "owns"]), None);
        assert_eq!(pointer(&["services", "acme/shop~1"]), "/services/acme~1shop~01");
    }
}
