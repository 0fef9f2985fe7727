//! What is asked about the time before a stretch. Each answers with the place of the question, from 1.

use chrono::{DateTime, Utc};
use diesel::sql_types::{Array, Integer, Text, Timestamptz};

crate::statement! {
    pub(super) struct LastOfEnvironment<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
    }
    returns (Integer, Text, Text, Timestamptz, Text);
    "select k.place::integer, d.integration, d.deployment_id, d.at, coalesce(d.target, '')
     from unnest(?, ?, ?, ?) with ordinality as k (tenant_id, service, environment, since, place)
     cross join lateral (
       select * from dora_deployments d
       where d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
         and d.outcome = 'success' and d.at < k.since
       order by d.at desc, d.deployment_id desc, d.integration desc limit 1
     ) d"
}

crate::statement! {
    /// Of each repository the last with any component there, and the last with a commit there.
    pub(super) struct LastOfRepository<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        repo: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "select k.place::integer, d.integration, d.deployment_id
     from unnest(?, ?, ?, ?, ?) with ordinality as k (tenant_id, service, environment, since, repo, place)
     cross join (values (false), (true)) as w (with_commit)
     cross join lateral (
       select * from dora_deployments d
       where d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
         and d.outcome = 'success' and d.at < k.since
         and (
           exists (select from deployment_components c where c.tenant_id = d.tenant_id and c.integration = d.integration
             and c.deployment_id = d.deployment_id and c.repo = k.repo and (c.sha <> '' or not w.with_commit))
           or exists (select from deployment_contents c where w.with_commit and c.tenant_id = d.tenant_id
             and c.integration = d.integration and c.deployment_id = d.deployment_id and c.repo = k.repo)
           or exists (select from deployment_images i join artifacts a on a.tenant_id = i.tenant_id and a.digest = i.image_digest
             where i.tenant_id = d.tenant_id and i.integration = d.integration and i.deployment_id = d.deployment_id
               and a.repo = k.repo and (a.sha is not null or not w.with_commit))
           or exists (select from deployment_components c
             join artifacts a on a.tenant_id = c.tenant_id and a.digest = c.image_digest and a.repo = c.repo
             where w.with_commit and c.sha = '' and c.tenant_id = d.tenant_id and c.integration = d.integration
               and c.deployment_id = d.deployment_id and c.repo = k.repo and a.sha is not null)
         )
       order by d.at desc, d.deployment_id desc, d.integration desc limit 1
     ) d"
}

crate::statement! {
    /// The last success with these heads, and the first after it that was no rollback and deployed one of their
    /// repositories.
    pub(super) struct SameHeads<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        heads: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "with k as materialized (
       select * from unnest(?, ?, ?, ?, ?) with ordinality as k (tenant_id, service, environment, since, heads, place)
     ), same as materialized (
       select k.tenant_id, k.service, k.environment, k.since, k.heads, k.place, d.integration, d.deployment_id, d.at
       from k cross join lateral (
         select * from dora_deployments d
         where d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
           and md5(d.heads) = md5(k.heads) and d.heads = k.heads and d.outcome = 'success' and d.at < k.since
         order by d.at desc, d.deployment_id desc, d.integration desc limit 1
       ) d
     )
     select place::integer, integration, deployment_id from same
     union all
     select s.place::integer, n.integration, n.deployment_id
     from same s cross join lateral (
       select * from dora_deployments d
       where d.tenant_id = s.tenant_id and d.service = s.service and d.environment = s.environment and d.outcome = 'success'
         and d.at >= s.at and d.at < s.since and (d.at, d.deployment_id, d.integration) > (s.at, s.deployment_id, s.integration)
         and d.kind is distinct from 'rollback'
         and exists (
           select from unnest(string_to_array(s.heads, E'\\n')) as h (head)
           where position(E'\\n' || left(h.head, -position('@' in reverse(h.head))) || '@' in E'\\n' || d.heads) > 0)
       order by d.at, d.deployment_id, d.integration limit 1
     ) n"
}

crate::statement! {
    /// Successes that a deployment says it mends, by their names.
    pub(super) struct Named<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        word: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "select k.place::integer, d.integration, d.deployment_id
     from unnest(?, ?, ?, ?) with ordinality as k (tenant_id, service, since, word, place)
     join dora_deployments d on d.tenant_id = k.tenant_id
       and d.deployment_id = any (array[k.word, substr(k.word, position(':' in k.word) + 1)])
     where d.service = k.service and d.outcome = 'success' and d.at < k.since
       and (d.deployment_id = k.word or d.integration || ':' || d.deployment_id = k.word)"
}

crate::statement! {
    /// What attempts after the last success say they would have shipped.
    pub(super) struct Rolled<'a> {
        tenant: Array<Text> = Vec<&'a str>,
        service: Array<Text> = Vec<&'a str>,
        environment: Array<Text> = Vec<&'a str>,
        since: Array<Timestamptz> = Vec<DateTime<Utc>>,
        last_at: Array<Timestamptz> = Vec<DateTime<Utc>>,
        last_id: Array<Text> = Vec<&'a str>,
        last_integration: Array<Text> = Vec<&'a str>,
    }
    returns (Integer, Text, Text);
    "select k.place::integer, c.repo, c.sha
     from unnest(?, ?, ?, ?, ?, ?, ?) with ordinality
       as k (tenant_id, service, environment, since, last_at, last_id, last_integration, place)
     join dora_deployments d on d.tenant_id = k.tenant_id and d.service = k.service and d.environment = k.environment
       and d.outcome <> 'success' and d.at >= k.last_at and d.at < k.since
       and (d.at, d.deployment_id, d.integration) > (k.last_at, k.last_id, k.last_integration)
     join deployment_contents c on c.tenant_id = d.tenant_id and c.integration = d.integration
       and c.deployment_id = d.deployment_id"
}

crate::statement! {
    pub(super) struct Known<'a> { tenant: Array<Text> = Vec<&'a str>, repo: Array<Text> = Vec<&'a str>, sha: Array<Text> = Vec<&'a str> }
    returns (Text, Text, Text);
    "select k.tenant_id, k.repo, k.sha from unnest(?, ?, ?) as k (tenant_id, repo, sha)
     where exists (select from commits c where c.tenant_id = k.tenant_id and c.repo = k.repo and c.sha = k.sha)
       or exists (select from commit_edges e where e.tenant_id = k.tenant_id and e.repo = k.repo and e.sha = k.sha)"
}
