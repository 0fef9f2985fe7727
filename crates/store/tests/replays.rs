//! The walk over stored deliveries on a real PostgreSQL: chunks are bounded by bytes, and nothing is passed over.

use domain::ids::{DeliveryId, TenantId};
use serde_json::json;
use store::Role;
use store::intake::{Keep, accept, pack};
use store::jobs::Replay;
use store::replays::{Seen, next_deliveries};
use testkit::database::Database;
use testkit::world::{delivery_of, event, minute};

const LARGE: usize = 20 << 20;

fn keep(number: i64, bytes: usize) -> Keep {
    let body = vec![b' '; bytes];
    Keep { body: pack(&body), ..delivery_of(event("deployment.updated", number, &json!({}))) }
}

#[test]
fn large_bodies_come_in_chunks_of_their_own_and_nothing_is_passed_over() {
    let database = Database::fresh();
    let store = database.store(Role::App);
    let sizes = [10, LARGE, LARGE, 10, LARGE, 2 * LARGE, 10];
    let keeps: Vec<Keep> = (1..).zip(sizes).map(|(number, bytes)| keep(number, bytes)).collect();
    accept(&mut store.open(Role::Ingest).expect("a connection"), &keeps).expect("kept");
    let all = Replay::Range { source: None, r#type: None, from: minute(0), to: minute(60) };
    let unwanted = keeps[3].id.0;
    let mut conn = store.open(Role::App).expect("a connection");
    let (mut after, mut walked): (Option<DeliveryId>, Vec<Vec<usize>>) = (None, Vec::new());
    loop {
        let wants = |seen: &Seen| seen.id != unwanted;
        let chunk = next_deliveries(&mut conn, &TenantId::default(), &all, after, wants).expect("a chunk");
        walked.push(chunk.stored.iter().map(|stored| stored.body.len()).collect());
        assert!(chunk.stored.iter().all(|stored| stored.events.len() == 1));
        if chunk.done {
            break;
        }
        after = chunk.last();
    }
    assert_eq!(walked, [vec![10, LARGE], vec![LARGE], vec![LARGE], vec![2 * LARGE], vec![10]]);
}
