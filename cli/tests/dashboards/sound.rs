//! The JSON of the dashboards is sound: what Grafana would take without a word and then show wrongly.

use std::collections::BTreeSet;

use serde_json::Value;
use testkit::grafana::{POSTGRES, PROMETHEUS, dashboards, folder, list, panels, text};

/// Calls `look` with every member of a document.
fn walk(value: &Value, look: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => members.iter().for_each(|(name, member)| {
            look(name, member);
            walk(member, look);
        }),
        Value::Array(members) => members.iter().for_each(|member| walk(member, look)),
        _ => {}
    }
}

#[test]
fn dashboards_have_uids_of_their_own_and_name_no_absolute_time() {
    let all = dashboards();
    let uids: BTreeSet<&str> = all.values().map(|dashboard| text(&dashboard["uid"])).collect();
    let titles: BTreeSet<&str> = all.values().map(|dashboard| text(&dashboard["title"])).collect();
    assert_eq!((uids.len(), titles.len()), (all.len(), all.len()), "two with the same uid or title");
    for (name, dashboard) in &all {
        assert!((1..=40).contains(&text(&dashboard["uid"]).len()), "{name}: Grafana takes uids of 40 characters");
        assert!(dashboard.get("id").is_none(), "{name}: an id belongs to one installation");
        assert!(text(&dashboard["time"]["from"]).starts_with("now-") && dashboard["time"]["to"] == "now", "{name}");
        assert!(!text(&dashboard["description"]).is_empty(), "{name} does not say what it is for");
        let year = |word: &str| (2015..2045).any(|year| word.starts_with(&format!("{year}-")));
        walk(dashboard, &mut |member, value| assert!(!year(text(value)), "{name}: {member} is an absolute time"));
    }
}

#[test]
fn every_data_source_is_one_that_is_provisioned() {
    let text_of = |path: &str| std::fs::read_to_string(folder(path)).expect("a file");
    let sources = text_of("provisioning/datasources/em-agent.yaml");
    for uid in [POSTGRES, PROMETHEUS] {
        assert!(sources.contains(&format!("    uid: {uid}\n")), "{uid}");
    }
    assert_eq!(sources.matches("uid: ").count(), 2);
    assert!(!sources.contains("password: e"), "passwords come from Grafana's environment");
    assert!(text_of("provisioning/dashboards/em-agent.yaml").contains("path: /etc/grafana/dashboards"));
    for (name, dashboard) in dashboards() {
        walk(&dashboard, &mut |member, value| {
            if member == "datasource" {
                let known = value["uid"] == POSTGRES && value["type"] == "grafana-postgresql-datasource"
                    || value["uid"] == PROMETHEUS && value["type"] == "prometheus";
                assert!(known, "{name}: {value}");
            }
        });
    }
}

#[test]
fn panels_stand_beside_each_other_and_say_when_there_is_nothing() {
    for (name, dashboard) in dashboards() {
        let mut taken = BTreeSet::new();
        for panel in list(&dashboard["panels"]) {
            let at = |side: &str| panel["gridPos"][side].as_u64().expect("a place");
            assert!(at("w") >= 1 && at("h") >= 1 && at("x") + at("w") <= 24, "{name}: {}", panel["title"]);
            for (x, y) in (at("x")..at("x") + at("w")).flat_map(|x| (at("y")..at("y") + at("h")).map(move |y| (x, y))) {
                assert!(taken.insert((x, y)), "{name}: {} stands on another", panel["title"]);
            }
        }
        let ids: BTreeSet<u64> = list(&dashboard["panels"]).iter().filter_map(|panel| panel["id"].as_u64()).collect();
        assert_eq!(ids.len(), list(&dashboard["panels"]).len(), "{name}: two panels with the same id");
        for panel in panels(&dashboard) {
            assert!(!text(&panel["title"]).is_empty() && !list(&panel["targets"]).is_empty(), "{name}: {panel}");
            assert!(text(&panel["fieldConfig"]["defaults"]["noValue"]).starts_with("no data"), "{name}: {panel}");
        }
    }
}

/// What a link passes on, as `var-<name>`.
fn passed(link: &str) -> impl Iterator<Item = &str> {
    link.split(['?', '&']).filter_map(|part| part.strip_prefix("var-")?.split('=').next())
}

#[test]
fn links_lead_to_dashboards_that_know_what_they_are_given() {
    let all = dashboards();
    let variables = |dashboard: &Value| -> BTreeSet<String> {
        list(&dashboard["templating"]["list"]).iter().map(|one| text(&one["name"]).to_owned()).collect()
    };
    let mut links = 0;
    for (name, dashboard) in &all {
        assert_eq!(dashboard["links"][0]["tags"], serde_json::json!(["em-agent"]), "{name} leads to no other");
        walk(dashboard, &mut |member, value| {
            let Some(rest) = text(value).strip_prefix("/d/").filter(|_| member == "url") else { return };
            let uid = rest.split('?').next().unwrap_or_default();
            let target =
                all.values().find(|one| one["uid"] == uid).unwrap_or_else(|| panic!("{name}: no dashboard {uid}"));
            let (known, mine) = (variables(target), variables(dashboard));
            assert!(passed(rest).all(|one| known.contains(one)), "{name}: {rest}");
            let used = rest.split("${").skip(1).filter_map(|part| part.split([':', '}']).next());
            let used = used.filter(|one| !one.starts_with("__"));
            assert!(used.clone().all(|one| mine.contains(one)), "{name}: {rest}");
            links += 1;
        });
    }
    assert!(links >= 5, "{links} links");
}

#[test]
fn every_variable_is_used_and_every_table_ends() {
    for (name, dashboard) in dashboards() {
        let whole = dashboard["panels"].to_string() + &dashboard["annotations"].to_string();
        for variable in list(&dashboard["templating"]["list"]) {
            let variable = text(&variable["name"]);
            let used = whole.contains(&format!("${{{variable}:")) || whole.contains(&format!("${variable}\\\""));
            assert!(used, "{name}: nothing reads {variable}");
        }
        for panel in panels(&dashboard).filter(|panel| panel["type"] == "table") {
            let Some(sql) = panel["targets"][0]["rawSql"].as_str().filter(|sql| sql.contains(" desc")) else {
                continue;
            };
            assert!(
                sql.contains("limit ") || sql.contains("generate_series"),
                "{name}: {} may have any number of rows",
                panel["title"]
            );
        }
    }
}
