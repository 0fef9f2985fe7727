//! The tables of the metrics as diesel sees them: what more is known of entities, the catalog, and the facts.

diesel::table! {
    branch_commits (tenant_id, repo, branch, sha) {
        tenant_id -> Text,
        repo -> Text,
        branch -> Text,
        sha -> Text,
        seen_at -> Timestamptz,
        push_after -> Text,
        is_default -> Bool,
        registers -> Json,
    }
}

diesel::table! {
    deployment_contents (tenant_id, integration, deployment_id, repo, sha) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        repo -> Text,
        sha -> Text,
    }
}

diesel::table! {
    deployment_images (tenant_id, integration, deployment_id, image_digest) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        image_digest -> Text,
        finished_at -> Nullable<Timestamptz>,
        registers -> Json,
    }
}

diesel::table! {
    artifacts (tenant_id, digest) {
        tenant_id -> Text,
        digest -> Text,
        repo -> Nullable<Text>,
        sha -> Nullable<Text>,
        registers -> Json,
    }
}

diesel::table! {
    incidents (tenant_id, integration, incident_id) {
        tenant_id -> Text,
        integration -> Text,
        incident_id -> Text,
        title -> Nullable<Text>,
        service -> Nullable<Text>,
        repo -> Nullable<Text>,
        environment -> Nullable<Text>,
        tier -> Nullable<Text>,
        severity -> Nullable<Text>,
        labels -> Nullable<Array<Text>>,
        opened_at -> Nullable<Timestamptz>,
        started_at -> Nullable<Timestamptz>,
        acked_at -> Nullable<Timestamptz>,
        resolved_at -> Nullable<Timestamptz>,
        change_related -> Nullable<Bool>,
        caused_deployment -> Nullable<Text>,
        caused_sha -> Nullable<Text>,
        deleted -> Nullable<Bool>,
        url -> Nullable<Text>,
        subject -> Nullable<Text>,
        counted_service -> Nullable<Text>,
        registers -> Json,
    }
}

diesel::table! {
    incident_links (tenant_id, incident, deployment) {
        tenant_id -> Text,
        incident -> Text,
        deployment -> Text,
        removed -> Bool,
        said_at -> Timestamptz,
        actor -> Nullable<Text>,
        registers -> Json,
    }
}

diesel::table! {
    quality_reports (event_id) {
        tenant_id -> Text,
        event_id -> Uuid,
        at -> Timestamptz,
        integration -> Text,
        project -> Text,
        coverage_pct -> Nullable<Double>,
        passed -> Nullable<Bool>,
    }
}

diesel::table! {
    catalogs (tenant_id, version) {
        tenant_id -> Text,
        version -> BigInt,
        document -> Json,
        applied_at -> Timestamptz,
        applied_by -> Text,
    }
}

diesel::table! {
    dora_deployments (tenant_id, integration, deployment_id) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        service -> Text,
        team -> Nullable<Text>,
        repo -> Nullable<Text>,
        environment -> Text,
        tier -> Text,
        outcome -> Text,
        started_at -> Nullable<Timestamptz>,
        at -> Timestamptz,
        sha -> Nullable<Text>,
        heads -> Text,
        kind -> Nullable<Text>,
        target -> Nullable<Text>,
        predecessor -> Nullable<Text>,
        changes -> Integer,
        rework -> Bool,
        failed -> Bool,
        ancestry_gap -> Bool,
        provisional_until -> Timestamptz,
    }
}

diesel::table! {
    dora_commits (tenant_id, service, environment, repo, sha) {
        tenant_id -> Text,
        service -> Text,
        environment -> Text,
        repo -> Text,
        sha -> Text,
        integration -> Text,
        deployment_id -> Text,
        at -> Timestamptz,
        deployed_at -> Timestamptz,
        tier -> Text,
        team -> Nullable<Text>,
        shipped -> Bool,
        in_scope -> Bool,
        lead_s -> Nullable<Double>,
        is_merge -> Bool,
        is_bot -> Bool,
    }
}

diesel::table! {
    dora_changes (tenant_id, service, environment, repo, number) {
        tenant_id -> Text,
        service -> Text,
        environment -> Text,
        repo -> Text,
        number -> Text,
        integration -> Text,
        deployment_id -> Text,
        tier -> Text,
        team -> Nullable<Text>,
        kind -> Text,
        at -> Timestamptz,
        deployed_at -> Timestamptz,
        start_at -> Timestamptz,
        first_commit_at -> Nullable<Timestamptz>,
        opened_at -> Nullable<Timestamptz>,
        first_review_at -> Nullable<Timestamptz>,
        approved_at -> Nullable<Timestamptz>,
        merged_at -> Nullable<Timestamptz>,
        lead_s -> Double,
        coding_s -> Nullable<Double>,
        pickup_s -> Nullable<Double>,
        review_s -> Nullable<Double>,
        merge_s -> Nullable<Double>,
        deploy_s -> Nullable<Double>,
        is_bot -> Bool,
        is_revert -> Bool,
        is_hotfix -> Bool,
        link_method -> Text,
        files_known -> Bool,
    }
}

diesel::table! {
    dora_remediations (tenant_id, integration, deployment_id, culprit_integration, culprit_id, method) {
        tenant_id -> Text,
        service -> Text,
        integration -> Text,
        deployment_id -> Text,
        culprit_integration -> Text,
        culprit_id -> Text,
        method -> Text,
        at -> Timestamptz,
    }
}

diesel::table! {
    dora_incidents (tenant_id, integration, incident_id) {
        tenant_id -> Text,
        integration -> Text,
        incident_id -> Text,
        service -> Nullable<Text>,
        team -> Nullable<Text>,
        environment -> Nullable<Text>,
        tier -> Text,
        severity -> Nullable<Text>,
        start_at -> Timestamptz,
        resolved_at -> Nullable<Timestamptz>,
        restore_s -> Nullable<Double>,
        qualifies -> Bool,
        attributed -> Bool,
    }
}

diesel::table! {
    dora_links (tenant_id, integration, incident_id, deployment_integration, deployment_id) {
        tenant_id -> Text,
        integration -> Text,
        incident_id -> Text,
        deployment_integration -> Text,
        deployment_id -> Text,
        method -> Text,
    }
}

diesel::table! {
    dora_failures (tenant_id, integration, deployment_id) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        service -> Text,
        team -> Nullable<Text>,
        environment -> Text,
        tier -> Text,
        failed_at -> Timestamptz,
        impact_at -> Nullable<Timestamptz>,
        recovered_at -> Nullable<Timestamptz>,
        rt_s -> Nullable<Double>,
        rt_impact_s -> Nullable<Double>,
        methods -> Array<Text>,
    }
}

diesel::table! {
    dora_dirty (id) {
        tenant_id -> Text,
        id -> BigInt,
        service -> Text,
        contents_from -> Nullable<Timestamptz>,
        incidents_from -> Nullable<Timestamptz>,
        cause -> Nullable<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    dora_audit (tenant_id, id) {
        tenant_id -> Text,
        id -> BigInt,
        at -> Timestamptz,
        fact -> Text,
        key -> Text,
        before -> Nullable<Json>,
        after -> Nullable<Json>,
        causes -> Array<Uuid>,
    }
}

diesel::table! {
    dora_slots (tenant_id, tier, slot) {
        tenant_id -> Text,
        tier -> Text,
        slot -> Timestamptz,
        deployments -> Integer,
        redeploys -> Integer,
        rollbacks -> Integer,
        hotfixes -> Integer,
        failed -> Integer,
        rework -> Integer,
        failed_attempts -> Integer,
    }
}

diesel::table! {
    dora_lead_days (tenant_id, tier, day, unit, is_bot) {
        tenant_id -> Text,
        tier -> Text,
        day -> Date,
        unit -> Text,
        is_bot -> Bool,
        buckets -> Array<SmallInt>,
        counts -> Array<Integer>,
        n -> Integer,
    }
}

diesel::table! {
    dora_rollup_dirty (id) {
        tenant_id -> Text,
        id -> BigInt,
        tier -> Text,
        slot -> Timestamptz,
    }
}

diesel::table! {
    dora_benchmarks (scheme, metric) {
        tenant_id -> Text,
        scheme -> Text,
        metric -> Text,
        elite -> Double,
        high -> Double,
        medium -> Double,
        unit -> Text,
        official -> Bool,
    }
}
