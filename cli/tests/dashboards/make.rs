//! Makes what Grafana reads of what people write: where panels stand, what they ask, which variables there are.

use serde_json::{Value, json};
use testkit::grafana::{POSTGRES, PROMETHEUS};

use crate::kinds;
use crate::source::{Annotation, Dashboard, Field, Kind, Panel, Shared, Variable};

/// A page is this wide.
const COLUMNS: u64 = 24;

fn postgres() -> Value {
    json!({"type": "grafana-postgresql-datasource", "uid": POSTGRES})
}

fn prometheus() -> Value {
    json!({"type": "prometheus", "uid": PROMETHEUS})
}

pub(crate) fn dashboard(shared: &Shared, source: &Dashboard) -> Value {
    let variables: Vec<Value> =
        source.variables.iter().map(|name| variable(shared, name, &shared.variables[name])).collect();
    let annotations = source.annotations.iter().map(|name| annotation(shared, &shared.annotations[name]));
    let others = json!({"type": "dashboards", "tags": ["em-agent"], "asDropdown": true, "title": "EM Agent", "icon": "external link",
        "includeVars": true, "keepTime": true, "targetBlank": false, "tooltip": "", "url": ""});
    json!({
        "uid": source.uid, "title": source.title, "description": source.description, "tags": ["em-agent"],
        "editable": false, "graphTooltip": 1, "schemaVersion": 39, "version": 1, "weekStart": "monday", "timezone": "utc",
        "time": {"from": source.range, "to": "now"}, "timepicker": {}, "refresh": source.refresh.as_deref().unwrap_or("1m"),
        "links": [others], "templating": {"list": variables}, "annotations": {"list": annotations.collect::<Vec<_>>()},
        "panels": placed(shared, source),
    })
}

fn variable(shared: &Shared, name: &str, variable: &Variable) -> Value {
    let mut told = json!({
        "name": name, "label": variable.label, "description": variable.description, "hide": 0, "skipUrlSync": false,
        "multi": variable.many, "includeAll": variable.many,
    });
    let add = |told: &mut Value, more: Value| {
        if let (Some(told), Value::Object(more)) = (told.as_object_mut(), more) {
            told.extend(more);
        }
    };
    let current = match (variable.many, &variable.default) {
        (true, _) => json!({"text": ["All"], "value": ["$__all"]}),
        (false, Some(default)) => json!({"text": default, "value": default}),
        (false, None) => json!({}),
    };
    if let Some(sql) = &variable.sql {
        let sql = shared.sql(sql);
        add(
            &mut told,
            json!({"type": "query", "datasource": postgres(), "query": sql, "definition": sql, "refresh": 2, "sort": 0, "regex": "",
            "options": [], "current": current, "allValue": if variable.many { json!("'*'") } else { Value::Null }}),
        );
    } else if let Some([metric, label]) = &variable.label_values {
        let query = format!("label_values({metric},{label})");
        add(
            &mut told,
            json!({"type": "query", "datasource": prometheus(), "query": {"qryType": 1, "query": query, "refId": "variable"},
            "definition": query, "refresh": 2, "sort": 1, "regex": "", "options": [], "current": current, "allValue": ".*"}),
        );
    } else {
        let first = &variable.choices[0];
        let options = variable.choices.iter().map(|one| json!({"text": one, "value": one, "selected": one == first}));
        add(
            &mut told,
            json!({"type": "custom", "query": variable.choices.join(","), "options": options.collect::<Vec<_>>(),
            "current": {"text": first, "value": first}}),
        );
    }
    told
}

fn annotation(shared: &Shared, source: &Annotation) -> Value {
    json!({"name": source.name, "datasource": postgres(), "enable": true, "hide": false, "iconColor": source.colour,
        "target": {"refId": "Annotation", "format": "table", "editorMode": "code", "rawQuery": true, "rawSql": shared.sql(&source.sql)}})
}

/// Panels in their places, in reading order: left to right as long as there is room.
fn placed(shared: &Shared, source: &Dashboard) -> Vec<Value> {
    let (mut x, mut y, mut tallest) = (0, 0, 0);
    let mut panels = Vec::new();
    for (place, panel) in source.panel.iter().enumerate() {
        let (width, height) = if panel.row.is_some() { (COLUMNS, 1) } else { (panel.width, panel.height) };
        if x + width > COLUMNS {
            (x, y, tallest) = (0, y + tallest, 0);
        }
        let mut told = match &panel.row {
            Some(row) => json!({"type": "row", "title": row, "collapsed": false, "panels": []}),
            None => shown(shared, panel),
        };
        told["id"] = json!(place + 1);
        told["gridPos"] = json!({"x": x, "y": y, "w": width, "h": height});
        panels.push(told);
        (x, tallest) = (x + width, tallest.max(height));
    }
    panels
}

fn shown(shared: &Shared, panel: &Panel) -> Value {
    let kind = panel.kind.unwrap_or_else(|| panic!("'{}' has no kind", panel.title));
    let (source, mut targets) = match &panel.sql {
        Some(sql) => (postgres(), vec![sql_target("A", &shared.sql(sql), panel.format.as_deref().unwrap_or("table"))]),
        None => (prometheus(), promql_targets(panel)),
    };
    let mut changed = Vec::new();
    if let Some(metric) = &panel.cuts {
        targets.push(sql_target("cuts", &shared.sql(&format!("{{{{cuts {metric}}}}}")), "table"));
        let line = |field: &str, colour: &str| json!({"fieldName": field, "handlerKey": "threshold1", "handlerArguments": {"threshold": {"color": colour}}});
        changed.push(json!({"id": "configFromData", "options": {"configRefId": "cuts", "applyTo": {"id": "byFrameRefID", "options": "A"},
            "mappings": [line("elite", "purple"), line("high", "green"), line("medium", "yellow")]}}));
    }
    json!({
        "title": panel.title, "description": panel.description, "type": kinds::plugin(kind), "datasource": source, "targets": targets,
        "transformations": changed, "options": kinds::options(kind, panel),
        "fieldConfig": {"defaults": kinds::defaults(kind, panel), "overrides": overrides(kind, panel)},
    })
}

fn sql_target(id: &str, sql: &str, format: &str) -> Value {
    json!({"refId": id, "datasource": postgres(), "format": format, "editorMode": "code", "rawQuery": true, "rawSql": sql})
}

fn promql_targets(panel: &Panel) -> Vec<Value> {
    let target = |(place, query): (usize, crate::source::Query)| {
        let id = char::from(b'A' + u8::try_from(place).expect("few queries")).to_string();
        json!({"refId": id, "datasource": prometheus(), "editorMode": "code", "expr": query.promql, "legendFormat": query.legend.as_deref().unwrap_or("__auto"),
            "range": !panel.instant, "instant": panel.instant, "format": if panel.kind == Some(Kind::Table) { "table" } else { "time_series" }})
    };
    panel.expressions().into_iter().enumerate().map(target).collect()
}

fn overrides(kind: Kind, panel: &Panel) -> Vec<Value> {
    let by_name = |(name, field): (&String, &Field)| json!({"matcher": {"id": "byName", "options": name}, "properties": kinds::properties(kind, field)});
    let by_pattern = |(pattern, unit): (&String, &String)| json!({"matcher": {"id": "byRegexp", "options": pattern}, "properties": [{"id": "unit", "value": unit}]});
    panel.fields.iter().map(by_name).chain(panel.axes.iter().map(by_pattern)).collect()
}
