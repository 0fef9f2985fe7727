//! What events say of commits, changes and deployments: kept as registers, made anew from the events at any time.

diesel::table! {
    commits (tenant_id, repo, sha) {
        tenant_id -> Text,
        repo -> Text,
        sha -> Text,
        authored_at -> Nullable<Timestamptz>,
        committed_at -> Nullable<Timestamptz>,
        author -> Nullable<Text>,
        is_bot -> Nullable<Bool>,
        registers -> Json,
        message_head -> Nullable<Text>,
        is_merge -> Nullable<Bool>,
        picked_from -> Nullable<Text>,
        reverts -> Nullable<Text>,
        files -> Nullable<Array<Text>>,
    }
}

diesel::table! {
    commit_edges (tenant_id, repo, sha, parent_sha, origin) {
        tenant_id -> Text,
        repo -> Text,
        sha -> Text,
        parent_sha -> Text,
        origin -> Text,
    }
}

diesel::table! {
    ref_moves (tenant_id, repo, ref_name, before_sha, after_sha) {
        tenant_id -> Text,
        repo -> Text,
        #[sql_name = "ref"]
        ref_name -> Text,
        before_sha -> Text,
        after_sha -> Text,
        occurred_at -> Timestamptz,
        registers -> Json,
    }
}

diesel::table! {
    changes (tenant_id, repo, number) {
        tenant_id -> Text,
        repo -> Text,
        number -> Text,
        title -> Nullable<Text>,
        author -> Nullable<Text>,
        is_bot -> Nullable<Bool>,
        base -> Nullable<Text>,
        head -> Nullable<Text>,
        head_sha -> Nullable<Text>,
        landed_sha -> Nullable<Text>,
        opened_at -> Nullable<Timestamptz>,
        ready_at -> Nullable<Timestamptz>,
        first_commit_at -> Nullable<Timestamptz>,
        first_review_at -> Nullable<Timestamptz>,
        approved_at -> Nullable<Timestamptz>,
        merged_at -> Nullable<Timestamptz>,
        closed_at -> Nullable<Timestamptz>,
        registers -> Json,
        labels -> Nullable<Array<Text>>,
        merge_method -> Nullable<Text>,
        reverts -> Nullable<Text>,
        draft -> Nullable<Bool>,
        additions -> Nullable<BigInt>,
        deletions -> Nullable<BigInt>,
        files_changed -> Nullable<BigInt>,
        ticket_keys -> Nullable<Array<Text>>,
        url -> Nullable<Text>,
        subject -> Nullable<Text>,
    }
}

diesel::table! {
    deployments (tenant_id, integration, deployment_id) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        repo -> Nullable<Text>,
        service -> Nullable<Text>,
        environment -> Nullable<Text>,
        tier -> Text,
        outcome -> Nullable<Text>,
        started_at -> Nullable<Timestamptz>,
        finished_at -> Nullable<Timestamptz>,
        sha -> Nullable<Text>,
        registers -> Json,
        explicit_kind -> Nullable<Text>,
        unplanned -> Nullable<Bool>,
        fixes -> Nullable<Array<Text>>,
        title -> Nullable<Text>,
        url -> Nullable<Text>,
        subject -> Nullable<Text>,
        counted_service -> Nullable<Text>,
        counted_tier -> Nullable<Text>,
    }
}

diesel::table! {
    deployment_statuses (tenant_id, integration, deployment_id, at, state, tie) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        at -> Timestamptz,
        state -> Text,
        outcome -> Nullable<Text>,
        tie -> Binary,
    }
}

diesel::table! {
    deployment_components (tenant_id, integration, deployment_id, repo, sha) {
        tenant_id -> Text,
        integration -> Text,
        deployment_id -> Text,
        repo -> Text,
        sha -> Text,
        registers -> Json,
        #[sql_name = "ref"]
        ref_ -> Nullable<Text>,
        image_digest -> Nullable<Text>,
        finished_at -> Nullable<Timestamptz>,
    }
}
