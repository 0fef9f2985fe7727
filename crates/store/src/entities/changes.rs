//! Pull and merge requests.

use chrono::{DateTime, Utc};
use diesel::sql_types::{BigInt, Bool, Text, Timestamptz};
use domain::dora::changes::{ChangeFacts, ChangeKey};

use super::table::entity_table;
use super::{copied, list, text};

entity_table! {
    "changes": ChangeKey => ChangeFacts;
    keys |key| { "tenant_id" tenant = key.tenant, "repo" repo = key.repo, "number" number = key.number }
    columns |facts| {
        "title" title: Text, &'a str = text(&facts.title),
        "author" author: Text, &'a str = text(&facts.author),
        "is_bot" is_bot: Bool, bool = copied(&facts.is_bot),
        "base" base: Text, &'a str = text(&facts.base),
        "head" head: Text, &'a str = text(&facts.head),
        "head_sha" head_sha: Text, &'a str = text(&facts.head_sha),
        "landed_sha" landed_sha: Text, &'a str = text(&facts.landed_sha),
        "opened_at" opened_at: Timestamptz, DateTime<Utc> = copied(&facts.opened_at),
        "ready_at" ready_at: Timestamptz, DateTime<Utc> = copied(&facts.ready_at),
        "first_commit_at" first_commit_at: Timestamptz, DateTime<Utc> = facts.first_commit_at,
        "first_review_at" first_review_at: Timestamptz, DateTime<Utc> = facts.first_review_at,
        "approved_at" approved_at: Timestamptz, DateTime<Utc> = copied(&facts.approved_at),
        "merged_at" merged_at: Timestamptz, DateTime<Utc> = copied(&facts.merged_at),
        "closed_at" closed_at: Timestamptz, DateTime<Utc> = copied(&facts.closed_at).flatten(),
        "labels" labels: Text as "text[]", String = list(&facts.labels),
        "merge_method" merge_method: Text, &'a str = text(&facts.merge_method),
        "reverts" reverts: Text, &'a str = text(&facts.reverts),
        "draft" draft: Bool, bool = copied(&facts.draft),
        "additions" additions: BigInt, i64 = copied(&facts.additions),
        "deletions" deletions: BigInt, i64 = copied(&facts.deletions),
        "files_changed" files_changed: BigInt, i64 = copied(&facts.files_changed),
        "ticket_keys" ticket_keys: Text as "text[]", String = list(&facts.ticket_keys),
        "url" url: Text, &'a str = text(&facts.url),
        "subject" subject: Text, &'a str = text(&facts.subject),
    }
}
