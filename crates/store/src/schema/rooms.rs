//! The tables that people fill, as diesel sees them: which incidents are one, projects, onboarding, objectives.

diesel::table! {
    incident_merges (tenant_id, integration, incident_id) {
        tenant_id -> Text,
        integration -> Text,
        incident_id -> Text,
        into_integration -> Text,
        into_id -> Text,
        said_at -> Timestamptz,
        said_by -> Text,
    }
}

diesel::table! {
    projects (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        key -> Text,
        name -> Text,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    onboarding_plans (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        title -> Text,
        created_at -> Timestamptz,
        completed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    onboarding_tasks (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        plan_id -> Uuid,
        title -> Text,
        assignee -> Nullable<Text>,
        due_date -> Nullable<Date>,
        created_at -> Timestamptz,
        done_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    objectives (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        title -> Text,
        owner -> Nullable<Text>,
        period -> Nullable<Text>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        deleted_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    key_results (tenant_id, id) {
        tenant_id -> Text,
        id -> Uuid,
        objective_id -> Uuid,
        title -> Text,
        baseline -> Nullable<Double>,
        target -> Nullable<Double>,
        current -> Nullable<Double>,
        unit -> Nullable<Text>,
        direction -> Text,
        metric -> Nullable<Text>,
        service -> Nullable<Text>,
        team -> Nullable<Text>,
        percentile -> Nullable<SmallInt>,
        window_days -> Nullable<Integer>,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}
