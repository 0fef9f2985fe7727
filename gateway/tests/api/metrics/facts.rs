//! Rows of the facts, as the engine would write them.

/// A deployment that ended: (id, finished, what else). What is not said is usual: a success of `shop` in production.
pub(crate) fn deployment(id: &str, at: &str, extra: &[(&str, &str)]) -> String {
    let usual = [
        ("tenant_id", "default"),
        ("integration", "github"),
        ("deployment_id", id),
        ("service", "shop"),
        ("environment", "production"),
        ("tier", "production"),
        ("repo", "acme/shop"),
        ("outcome", "success"),
        ("at", at),
        ("heads", "acme/shop@a"),
        ("kind", "forward"),
        ("changes", "0"),
        ("rework", "false"),
        ("failed", "false"),
        ("ancestry_gap", "false"),
        ("provisional_until", at),
    ];
    insert("dora_deployments", &usual, extra)
}

/// A change that was shipped: (number, deployment, deployed, lead time in seconds, what else).
pub(crate) fn change(number: &str, deployment: &str, at: &str, lead_s: f64, extra: &[(&str, &str)]) -> String {
    let lead_s = lead_s.to_string();
    let usual = [
        ("tenant_id", "default"),
        ("service", "shop"),
        ("environment", "production"),
        ("repo", "acme/shop"),
        ("number", number),
        ("integration", "github"),
        ("deployment_id", deployment),
        ("tier", "production"),
        ("kind", "change"),
        ("at", at),
        ("deployed_at", at),
        ("start_at", at),
        ("lead_s", &lead_s),
        ("is_bot", "false"),
        ("is_revert", "false"),
        ("is_hotfix", "false"),
        ("link_method", "graph"),
        ("files_known", "true"),
    ];
    insert("dora_changes", &usual, extra)
}

/// A commit that was shipped.
pub(crate) fn commit(sha: &str, deployment: &str, at: &str, lead_s: f64, extra: &[(&str, &str)]) -> String {
    let lead_s = lead_s.to_string();
    let usual = [
        ("tenant_id", "default"),
        ("service", "shop"),
        ("environment", "production"),
        ("repo", "acme/shop"),
        ("sha", sha),
        ("integration", "github"),
        ("deployment_id", deployment),
        ("at", at),
        ("deployed_at", at),
        ("tier", "production"),
        ("shipped", "true"),
        ("in_scope", "true"),
        ("lead_s", &lead_s),
        ("is_merge", "false"),
        ("is_bot", "false"),
    ];
    insert("dora_commits", &usual, extra)
}

/// A failed deployment: when it failed and recovered.
pub(crate) fn failure(deployment: &str, failed_at: &str, recovered_at: Option<&str>, extra: &[(&str, &str)]) -> String {
    let usual = [
        ("tenant_id", "default"),
        ("integration", "github"),
        ("deployment_id", deployment),
        ("service", "shop"),
        ("environment", "production"),
        ("tier", "production"),
        ("failed_at", failed_at),
        ("methods", "{window}"),
    ];
    let made = insert("dora_failures", &usual, extra);
    let recovered = recovered_at.map_or_else(String::new, |at| {
        format!(
            "update dora_failures set recovered_at = '{at}', rt_s = extract(epoch from '{at}'::timestamptz - failed_at),
               rt_impact_s = extract(epoch from '{at}'::timestamptz - impact_at) where deployment_id = '{deployment}';"
        )
    });
    made + &recovered
}

/// An incident: when it began and was resolved.
pub(crate) fn incident(id: &str, start_at: &str, resolved_at: Option<&str>, extra: &[(&str, &str)]) -> String {
    let usual = [
        ("tenant_id", "default"),
        ("integration", "pagerduty"),
        ("incident_id", id),
        ("service", "shop"),
        ("environment", "production"),
        ("tier", "production"),
        ("start_at", start_at),
        ("qualifies", "true"),
        ("attributed", "true"),
    ];
    let made = insert("dora_incidents", &usual, extra);
    let resolved = resolved_at.map_or_else(String::new, |at| {
        format!(
            "update dora_incidents set resolved_at = '{at}', restore_s = extract(epoch from '{at}'::timestamptz - start_at)
             where incident_id = '{id}';"
        )
    });
    made + &resolved
}

/// A row of any table by its columns; `extra` replaces what is usual.
pub(crate) fn insert(table: &str, usual: &[(&str, &str)], extra: &[(&str, &str)]) -> String {
    let kept = usual.iter().filter(|(name, _)| extra.iter().all(|(other, _)| other != name));
    let columns: Vec<_> = kept.chain(extra).collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let values: Vec<String> = columns
        .iter()
        .map(|(_, value)| if *value == "null" { "null".to_owned() } else { format!("'{}'", value.replace('\'', "''")) })
        .collect();
    format!("insert into {table} ({}) values ({});\n", names.join(", "), values.join(", "))
}

/// A deployment: id, day, hour, and what is not as usual.
type Told<'a> = (&'a str, u32, u32, &'a [(&'a str, &'a str)]);

/// A week of `shop`, from Monday 2 November 2026 on, with everything in it:
/// ten deployments that ended, of which eight succeeded: one rollback, one redeploy, one hotfix, two failed.
pub(crate) fn a_week() -> String {
    let at = |day: u32, hour: u32| format!("2026-11-0{day}T{hour:02}:00:00Z");
    let mut sql = String::new();
    let deployments: [Told<'_>; 10] = [
        ("d1", 2, 10, &[]),
        ("d2", 2, 12, &[("failed", "true"), ("changes", "2")]),
        (
            "d3",
            2,
            14,
            &[("kind", "rollback"), ("rework", "true"), ("target", "github:d1"), ("predecessor", "github:d2")],
        ),
        ("d4", 3, 10, &[("kind", "redeploy")]),
        ("d5", 4, 10, &[("failed", "true"), ("ancestry_gap", "true")]),
        ("d6", 4, 11, &[("kind", "hotfix"), ("rework", "true")]),
        ("d7", 6, 9, &[("heads", "")]),
        ("d8", 6, 15, &[]),
        ("d9", 5, 9, &[("outcome", "failure"), ("kind", "null")]),
        ("d10", 5, 10, &[("outcome", "cancelled"), ("kind", "null")]),
    ];
    for (id, day, hour, extra) in deployments {
        sql += &deployment(id, &at(day, hour), extra);
    }
    let phases =
        [("coding_s", "600"), ("pickup_s", "1200"), ("review_s", "600"), ("merge_s", "0"), ("deploy_s", "1200")];
    sql += &change("1", "d2", &at(2, 12), 3600.0, &phases);
    sql += &change("2", "d2", &at(2, 12), 7200.0, &[]);
    sql += &change("3", "d5", &at(4, 10), 86_400.0, &[("is_bot", "true")]);
    sql += &change("4", "d8", &at(6, 15), 10_800.0, &[]);
    sql += &change("5", "d8", &at(6, 15), -60.0, &[]);
    sql += &commit("c1", "d2", &at(2, 12), 1800.0, &[]);
    sql += &commit("c2", "d2", &at(2, 12), 3600.0, &[]);
    sql += &commit("c3", "d2", &at(2, 12), 60.0, &[("is_merge", "true")]);
    sql += &commit("c4", "d1", &at(2, 10), 60.0, &[("shipped", "false")]);
    sql += &failure(
        "d2",
        &at(2, 12),
        Some(&at(2, 14)),
        &[("impact_at", "2026-11-02T13:00:00Z"), ("methods", "{rollback,window}")],
    );
    sql += &failure("d5", &at(4, 10), Some(&at(4, 11)), &[]);
    sql += &incident("i1", "2026-11-02T13:00:00Z", Some("2026-11-02T13:30:00Z"), &[]);
    sql += &incident("i2", &at(6, 10), None, &[("attributed", "false")]);
    sql += &incident("i3", &at(6, 10), Some(&at(6, 11)), &[("qualifies", "false"), ("attributed", "false")]);
    sql
}

/// The week as a range.
pub(crate) const WEEK: &str = "from=2026-11-02&to=2026-11-09";
