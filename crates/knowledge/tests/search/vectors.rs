//! Found by meaning as well, on a PostgreSQL with pgvector; and by words alone on one without.

use knowledge::embed::Caught;
use store::Role;
use store::knowledge::vectors;
use testkit::embeddings::Embeddings;

use crate::corpus::{DOCUMENTS, QUESTIONS};
use crate::world::{World, document, now, recall, tenant};

const MODEL: &str = "text-embedding-3-small";

#[tokio::test]
async fn words_and_meaning_together_find_more_than_either() {
    let embeddings = Embeddings::start().await;
    let (world, acme, other) = (World::of_vectors(&embeddings, MODEL), tenant("acme"), tenant("other"));
    assert_eq!(vectors::prepare(&world.database.store(Role::App)).expect("asked"), None);
    assert_eq!(vectors::prepare(&world.database.store(Role::App)).expect("asked again"), None);
    world.index(&acme, DOCUMENTS).await;
    assert_eq!(world.embed_all().await, DOCUMENTS.len());
    let status = world.knowledge.status(&acme).await.expect("a status");
    assert_eq!((status.embedded, status.why), (status.chunks, None));

    let (hybrid, missed) = recall(&world, &acme, 5).await;
    assert!(hybrid >= 0.95, "recall@5 {hybrid}: {missed:#?}");
    let (mut near, mut missed) = (0, Vec::new());
    for (question, answer) in QUESTIONS {
        let vector = testkit::embeddings::vector(question);
        let of = acme.clone();
        let model = format!("openai/{MODEL}");
        let find = move |conn: &mut store::Connection| {
            let places = vectors::nearest(conn, &of, None, (&model, &vector), 5)?;
            store::knowledge::search::shown(conn, &of, &places)
        };
        let found = world.database.store(Role::App).call("nearest", find).await.expect("an answer");
        if found.iter().any(|found| found.id == *answer) { near += 1 } else { missed.push(question) }
    }
    assert!(near * 10 >= QUESTIONS.len() * 8, "recall@5 of vectors {near} of {}: {missed:#?}", QUESTIONS.len());
    // No word of it is in the text, but parts of words are.
    assert!(world.found(&acme, "rolledback redeployments").await.iter().any(|id| id == "rollback"));
    assert!(world.found(&other, "roll back").await.is_empty());
}

#[tokio::test]
async fn a_changed_chunk_and_another_model_are_embedded_anew() {
    let embeddings = Embeddings::start().await;
    let (world, acme) = (World::of_vectors(&embeddings, MODEL), tenant("acme"));
    vectors::prepare(&world.database.store(Role::App)).expect("asked");
    world.index(&acme, &[("a", "The oven is hot."), ("b", "The fridge is cold.")]).await;
    assert_eq!(world.embed_all().await, 2);
    assert_eq!(world.embed_all().await, 0);
    world.knowledge.index(&acme, document("a", "The oven is warm."), now()).await.expect("kept");
    assert_eq!(world.embed_all().await, 1);
    assert!(embeddings.asked().last().is_some_and(|texts| texts[0].contains("warm")));

    let World { database, .. } = world;
    let world = World::with_models(database, &embeddings, "text-embedding-3-large");
    assert_eq!(world.embed_all().await, 2);
    let status = world.knowledge.status(&acme).await.expect("a status");
    assert_eq!((status.embedded, status.model.as_deref()), (2, Some("openai/text-embedding-3-large")));
    world.knowledge.delete(&acme, "default", "a").await.expect("gone");
    assert_eq!(world.knowledge.status(&acme).await.expect("a status").embedded, 1);
    assert!(vectors::ensure_index(&world.database.store(Role::App), 512).expect("an index"));
    assert_eq!(world.found(&acme, "fridge").await, ["b"]);
}

#[tokio::test]
async fn while_the_model_does_not_answer_words_find_and_the_vectors_come_later() {
    let embeddings = Embeddings::start().await;
    let (world, acme) = (World::of_vectors(&embeddings, MODEL), tenant("acme"));
    vectors::prepare(&world.database.store(Role::App)).expect("asked");
    world.index(&acme, &[("a", "The oven is hot.")]).await;
    (0..8).for_each(|_| embeddings.fails(400));
    let caught = world.knowledge.catch_up(now()).await.expect("a batch");
    assert_ne!(caught, Caught::Up);
    assert_eq!(world.found(&acme, "oven").await, ["a"]);
    assert_eq!(world.knowledge.status(&acme).await.expect("a status").embedded, 0);
}

#[tokio::test]
async fn without_the_extension_it_is_said_and_words_find() {
    let embeddings = Embeddings::start().await;
    let world = World::with_models(testkit::database::Database::fresh(), &embeddings, MODEL);
    let acme = tenant("acme");
    let lacking = vectors::prepare(&world.database.store(Role::App)).expect("asked");
    world.index(&acme, &[("a", "The oven is hot.")]).await;
    assert_eq!(world.found(&acme, "oven").await, ["a"]);
    // The server of all tests may be one that has it.
    let status = world.knowledge.status(&acme).await.expect("a status");
    assert_eq!(status.why.is_some(), lacking.is_some(), "{lacking:?}");
}
