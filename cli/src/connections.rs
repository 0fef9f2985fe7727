//! Makes the connections that settings describe. None of them waits for a server that is down.

use boot::Settings;
use bus::{Bus, BusOptions};
use store::{Role, Store, StoreOptions};

use crate::failure::Failure;

pub(crate) fn store(settings: &Settings, database_url: &str, role: Role) -> Result<Store, Failure> {
    let options = StoreOptions {
        url: database_url.to_owned(),
        pool_size: settings.db_pool_size,
        pool_timeout: settings.db_pool_timeout,
        role,
    };
    Ok(Store::connect(&options)?)
}

pub(crate) async fn bus(settings: &Settings, nats_url: &str) -> Result<Bus, Failure> {
    let options = BusOptions {
        url: nats_url.to_owned(),
        creds_file: settings.nats.creds_file.clone(),
        stream: settings.nats.stream.clone(),
        subject_prefix: settings.nats.subject_prefix.clone(),
    };
    Ok(Bus::connect(&options).await?)
}
