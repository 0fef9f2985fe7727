//! Onboarding plans and their tasks. A plan is complete while all of its tasks are done and it has any.

use chrono::{DateTime, NaiveDate, Utc};
use diesel::sql_types::{BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{
    ExpressionMethods, OptionalExtension, PgConnection, QueryDsl, Queryable, QueryableByName, RunQueryDsl, Selectable,
    SelectableHelper,
};
use domain::ids::TenantId;
use uuid::Uuid;

use crate::events::After;
use crate::schema::{onboarding_plans as p, onboarding_tasks as t};
use crate::{StoreError, statement};

/// A plan with how far it is.
#[derive(Clone, Debug, PartialEq, Eq, QueryableByName)]
pub struct Plan {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = Text)]
    pub title: String,
    #[diesel(sql_type = Timestamptz)]
    pub created_at: DateTime<Utc>,
    #[diesel(sql_type = diesel::sql_types::Nullable<Timestamptz>)]
    pub completed_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = BigInt)]
    pub tasks: i64,
    #[diesel(sql_type = BigInt)]
    pub done: i64,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = t)]
pub struct Task {
    pub id: Uuid,
    pub plan_id: Uuid,
    pub title: String,
    pub assignee: Option<String>,
    pub due_date: Option<NaiveDate>,
    pub created_at: DateTime<Utc>,
    pub done_at: Option<DateTime<Utc>>,
}

/// Makes a plan without tasks.
pub fn create(
    conn: &mut PgConnection,
    tenant: &TenantId,
    id: Uuid,
    title: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let row = (p::tenant_id.eq(tenant.as_str()), p::id.eq(id), p::title.eq(title), p::created_at.eq(now));
    diesel::insert_into(p::table).values(row).execute(conn)?;
    Ok(())
}

/// What a new task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    pub id: Uuid,
    pub title: String,
    pub assignee: Option<String>,
    pub due_date: Option<NaiveDate>,
}

/// Adds a task; a plan that was complete is open again. [`StoreError::NotFound`] without the plan. Must be called in a
/// transaction.
pub fn add_task(
    conn: &mut PgConnection,
    tenant: &TenantId,
    plan: Uuid,
    task: &NewTask,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    hold(conn, tenant, plan)?;
    diesel::insert_into(t::table)
        .values((
            t::tenant_id.eq(tenant.as_str()),
            t::id.eq(task.id),
            t::plan_id.eq(plan),
            t::title.eq(&task.title),
            t::assignee.eq(&task.assignee),
            t::due_date.eq(task.due_date),
            t::created_at.eq(now),
        ))
        .execute(conn)?;
    settle(conn, tenant, plan)
}

/// Marks a task as done, or as not done; one that is so already stays as it is. [`StoreError::NotFound`] without the
/// task. Must be called in a transaction.
pub fn set_done(
    conn: &mut PgConnection,
    tenant: &TenantId,
    task: Uuid,
    done_at: Option<DateTime<Utc>>,
) -> Result<Task, StoreError> {
    let of_tenant = t::table.find((tenant.as_str(), task));
    let plan: Uuid = of_tenant.select(t::plan_id).first(conn)?;
    hold(conn, tenant, plan)?;
    let known: Task = of_tenant.select(Task::as_select()).first(conn)?;
    if known.done_at.is_some() == done_at.is_some() {
        return Ok(known);
    }
    let changed =
        diesel::update(of_tenant).set(t::done_at.eq(done_at)).returning(Task::as_returning()).get_result(conn)?;
    settle(conn, tenant, plan)?;
    Ok(changed)
}

/// Whether the tenant has this task.
pub fn has_task(conn: &mut PgConnection, tenant: &TenantId, task: Uuid) -> Result<bool, StoreError> {
    let found: Option<Uuid> = t::table.find((tenant.as_str(), task)).select(t::id).first(conn).optional()?;
    Ok(found.is_some())
}

/// Whoever changes tasks of a plan does so alone: else two last tasks would each find the other open.
fn hold(conn: &mut PgConnection, tenant: &TenantId, plan: Uuid) -> Result<(), StoreError> {
    p::table.find((tenant.as_str(), plan)).select(p::id).for_update().first::<Uuid>(conn)?;
    Ok(())
}

statement! {
    struct Settle<'a> { of: Text = &'a str, of_plan: SqlUuid = Uuid, tenant: Text = &'a str, plan: SqlUuid = Uuid }
    returns ();
    "update onboarding_plans set completed_at = (
       select case when count(*) > 0 and bool_and(t.done_at is not null) then max(t.done_at) end
       from onboarding_tasks t where t.tenant_id = ? and t.plan_id = ?)
     where tenant_id = ? and id = ?"
}

fn settle(conn: &mut PgConnection, tenant: &TenantId, plan: Uuid) -> Result<(), StoreError> {
    Settle { of: tenant.as_str(), of_plan: plan, tenant: tenant.as_str(), plan }.execute(conn)?;
    Ok(())
}

const COUNTED: &str = "select p.id, p.title, p.created_at, p.completed_at, c.tasks, c.done
  from onboarding_plans p cross join lateral (
    select count(*) as tasks, count(t.done_at) as done from onboarding_tasks t
    where t.tenant_id = p.tenant_id and t.plan_id = p.id) c
  where p.tenant_id = $1 and ";

/// One plan of this tenant.
pub fn one(conn: &mut PgConnection, tenant: &TenantId, id: Uuid) -> Result<Option<Plan>, StoreError> {
    let query = diesel::sql_query(format!("{COUNTED} p.id = $2"));
    Ok(query.bind::<Text, _>(tenant.as_str()).bind::<SqlUuid, _>(id).get_result(conn).optional()?)
}

/// Plans, newest first, at most `limit`.
pub fn list(
    conn: &mut PgConnection,
    tenant: &TenantId,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Plan>, StoreError> {
    let text = format!(
        "{COUNTED} ($2 is null or (p.created_at, p.id) < ($2, $3)) order by p.created_at desc, p.id desc limit $4"
    );
    let query = diesel::sql_query(text)
        .bind::<Text, _>(tenant.as_str())
        .bind::<diesel::sql_types::Nullable<Timestamptz>, _>(after.map(|after| after.time))
        .bind::<diesel::sql_types::Nullable<SqlUuid>, _>(after.map(|after| after.id))
        .bind::<BigInt, _>(limit);
    Ok(query.load(conn)?)
}

/// The tasks of a plan, newest first, at most `limit`.
pub fn tasks(
    conn: &mut PgConnection,
    tenant: &TenantId,
    plan: Uuid,
    after: Option<After>,
    limit: i64,
) -> Result<Vec<Task>, StoreError> {
    let mut query = t::table.filter(t::tenant_id.eq(tenant.as_str())).filter(t::plan_id.eq(plan)).into_boxed();
    if let Some(after) = after {
        query = query.filter(after.follows::<t::table>("(created_at, id) < ("));
    }
    Ok(query.order((t::created_at.desc(), t::id.desc())).limit(limit).select(Task::as_select()).load(conn)?)
}
