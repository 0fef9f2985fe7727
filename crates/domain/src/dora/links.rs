//! What people say: this incident came from that deployment, or it did not.

use chrono::{DateTime, Utc};

use super::commits::name;
use super::registers::{known, registers};
use super::{Entities, micros, stamp};
use crate::data::{Common, Link};
use crate::event::Event;

/// Which incident and which deployment, as they were named: `github:1234`, or `1234` alone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinkKey {
    pub tenant: String,
    pub incident: String,
    pub deployment: String,
}

registers! {
    /// The last word about it, with who said it and when.
    LinkFacts {
        latest { removed: bool, said_at: DateTime<Utc>, actor: Option<String> }
        earliest {}
    }
}

impl Entities {
    /// A word about a link. A link has two ends.
    pub(super) fn add_link(&mut self, event: &Event, common: &Common, said: Link) {
        let (Some(incident), Some(deployment)) = (said.incident_id, said.deployment_id) else { return };
        let stamp = stamp(event, common, &[]);
        let key = LinkKey { tenant: event.tenant.to_string(), incident, deployment };
        self.touched.links.insert((key.clone(), event.id));
        let facts = LinkFacts {
            removed: known(stamp, Some(event.kind.verb() == "removed")),
            said_at: known(stamp, Some(micros(event.time))),
            actor: known(stamp, Some(common.actor.as_ref().and_then(name))),
        };
        self.links.entry(key).or_default().merge(facts);
    }
}
