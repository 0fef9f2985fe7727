//! Makes the connections that settings describe. None of them waits for a server that is down.

use boot::Settings;
use bus::{Bus, BusOptions};
use domain::ids::TenantId;
use store::{Role, Store, StoreOptions};

use crate::failure::Failure;
use crate::settings;

pub(crate) fn store(settings: &Settings, database_url: &str, role: Role) -> Result<Store, Failure> {
    let options = StoreOptions {
        url: database_url.to_owned(),
        pool_size: settings.db_pool_size,
        pool_timeout: settings.db_pool_timeout,
        role,
    };
    Ok(Store::connect(&options)?)
}

/// The database, once it is known to have such a tenant.
pub(crate) async fn of_tenant(tenant: &TenantId) -> Result<Store, Failure> {
    let settings = settings::load_for_tool()?;
    let store = store(&settings, &settings::database_url(&settings)?, Role::App)?;
    let asked = tenant.clone();
    if !store.call("tenant_known", move |conn| store::tenants::known(conn, &asked)).await? {
        return Err(Failure::Usage(format!("--tenant: there is no tenant '{tenant}'")));
    }
    Ok(store)
}

pub(crate) async fn bus(settings: &Settings, nats_url: &str) -> Result<Bus, Failure> {
    let options = BusOptions {
        url: nats_url.to_owned(),
        creds_file: settings.nats.creds_file.clone(),
        stream: settings.nats.stream.clone(),
        subject_prefix: settings.nats.subject_prefix.clone(),
    };
    Bus::connect(&options).await.map_err(|error| match error.is_setting() {
        true => Failure::Usage(format!("{:#}", anyhow::Error::from(error))),
        false => error.into(),
    })
}
