//! Material cut into parts that a prompt can hold: by group, and a group that is too large between its units, never
//! within one.

use domain::digests::{Group, Material, Unit};
use models::estimated_tokens;

use crate::seen;

/// The whole as lines.
pub(crate) fn lines(material: &Material) -> String {
    let mut lines = format!("{}\n{}", seen::head(material), seen::numbers(material));
    for group in &material.groups {
        lines.push_str(&seen::group(&group.name));
        lines.push('\n');
        for unit in &group.units {
            lines.push_str(&seen::unit(unit));
            lines.push('\n');
        }
    }
    lines
}

/// Parts of at most so many tokens, each a material of its own with the units of one group. A unit that is larger than
/// that is a part alone.
pub(crate) fn cut(material: &Material, room: i64) -> Vec<Material> {
    let mut parts = Vec::new();
    for group in &material.groups {
        let mut units: Vec<Unit> = Vec::new();
        let mut taken = 0;
        for unit in &group.units {
            let size = estimated_tokens(&seen::unit(unit));
            if !units.is_empty() && taken + size > room {
                parts.push(part(material, &group.name, std::mem::take(&mut units)));
                taken = 0;
            }
            units.push(unit.clone());
            taken += size;
        }
        if !units.is_empty() {
            parts.push(part(material, &group.name, units));
        }
    }
    parts
}

/// Without the numbers: they are of the whole.
fn part(material: &Material, name: &str, units: Vec<Unit>) -> Material {
    let groups = vec![Group { name: name.to_owned(), units }];
    Material { groups, numbers: Vec::new(), ..material.clone() }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::digests::{About, Kind, Severity};
    use uuid::Uuid;

    use super::*;

    fn unit(number: u128) -> Unit {
        Unit {
            about: About::Shipped,
            subject: format!("acme/shop#{number}"),
            text: "was merged ".repeat(20),
            details: Vec::new(),
            severity: Severity::Info,
            at: DateTime::UNIX_EPOCH,
            url: None,
            event_ids: vec![Uuid::from_u128(number)],
        }
    }

    #[test]
    fn no_unit_is_cut_and_none_is_lost() {
        let groups = vec![
            Group { name: "a".to_owned(), units: (0..10).map(unit).collect() },
            Group { name: "b".to_owned(), units: (10..12).map(unit).collect() },
            Group { name: "c".to_owned(), units: Vec::new() },
        ];
        let time = DateTime::UNIX_EPOCH;
        let material =
            Material { kind: Kind::Weekly, subject: None, from: time, to: time, groups, numbers: Vec::new() };
        let size = estimated_tokens(&seen::unit(&unit(1)));
        let parts = cut(&material, size * 4);
        assert_eq!(parts.iter().map(|part| part.units().count()).collect::<Vec<_>>(), [4, 4, 2, 2]);
        assert_eq!(cut(&material, 1).len(), 12);
        let all: Vec<&Unit> = parts.iter().flat_map(Material::units).collect();
        assert_eq!(all, material.units().collect::<Vec<_>>());
    }
}
