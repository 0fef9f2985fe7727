//! How each kind of panel is told to Grafana: its type, its options and how its fields look.

use serde_json::{Value, json};

use crate::source::{Field, Kind, Panel};

/// Colours are never alone: the word stands beside them.
const BANDS: [(&str, &str); 6] = [
    ("elite", "purple"),
    ("high", "green"),
    ("medium", "yellow"),
    ("low", "red"),
    ("unknown", "gray"),
    ("none", "gray"),
];

/// The type of a panel.
pub(crate) fn plugin(kind: Kind) -> &'static str {
    match kind {
        Kind::Stat => "stat",
        Kind::Lines | Kind::Bars | Kind::Points => "timeseries",
        Kind::Table => "table",
        Kind::States => "state-timeline",
        Kind::Shares => "barchart",
        Kind::BarGauge => "bargauge",
        Kind::Gauge => "gauge",
    }
}

pub(crate) fn options(kind: Kind, panel: &Panel) -> Value {
    let legend = json!({"showLegend": true, "displayMode": "list", "placement": "bottom", "calcs": []});
    let last =
        json!({"calcs": ["lastNotNull"], "fields": if panel.sql.is_some() { "/.*/" } else { "" }, "values": false});
    match kind {
        Kind::Stat => json!({"colorMode": "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto",
            "textMode": "value_and_name", "wideLayout": true, "reduceOptions": last}),
        Kind::Lines | Kind::Bars | Kind::Points => {
            json!({"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}})
        }
        Kind::Table => {
            json!({"cellHeight": "sm", "showHeader": true, "footer": {"show": false, "reducer": ["sum"], "fields": ""}})
        }
        Kind::States => json!({"alignValue": "left", "mergeValues": true, "rowHeight": 0.8, "showValue": "auto",
            "legend": legend, "tooltip": {"mode": "single", "sort": "none"}}),
        Kind::Shares => {
            json!({"orientation": "horizontal", "stacking": "normal", "showValue": "never", "groupWidth": 0.8, "barWidth": 0.9,
            "xTickLabelMaxLength": 30, "legend": legend, "tooltip": {"mode": "multi", "sort": "none"}})
        }
        Kind::BarGauge => {
            json!({"displayMode": "basic", "orientation": "horizontal", "showUnfilled": true, "valueMode": "text",
            "sizing": "auto", "namePlacement": "left", "reduceOptions": last})
        }
        Kind::Gauge => {
            json!({"orientation": "auto", "showThresholdLabels": false, "showThresholdMarkers": true, "reduceOptions": last})
        }
    }
}

/// How fields look that nothing else is said of.
pub(crate) fn defaults(kind: Kind, panel: &Panel) -> Value {
    let mut steps = vec![json!({"color": if kind == Kind::Stat { "text" } else { "green" }, "value": null})];
    steps
        .extend(panel.warn_above.map(|above| json!({"color": "red", "value": above + f64::EPSILON.max(above * 1e-9)})));
    let mut defaults = json!({
        "custom": custom(kind, panel),
        "color": {"mode": if kind == Kind::Table && panel.heat { "continuous-BlPu" } else if matches!(kind, Kind::Lines | Kind::Bars | Kind::Points | Kind::Shares) { "palette-classic" } else { "thresholds" }},
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": words(kind, panel),
        "noValue": "no data",
    });
    if let Some(unit) = &panel.unit {
        defaults["unit"] = json!(unit);
    }
    if kind == Kind::Gauge {
        defaults["min"] = json!(0);
        defaults["max"] = json!(1);
    }
    defaults
}

fn custom(kind: Kind, panel: &Panel) -> Value {
    let stacking = json!({"mode": if panel.stacked { "normal" } else { "none" }, "group": "A"});
    let scale = if panel.log { json!({"type": "log", "log": 10}) } else { json!({"type": "linear"}) };
    match kind {
        Kind::Lines | Kind::Bars | Kind::Points => json!({
            "drawStyle": match kind { Kind::Lines => "line", Kind::Bars => "bars", _ => "points" },
            "lineWidth": if kind == Kind::Lines { 2 } else { 1 }, "fillOpacity": if kind == Kind::Bars { 80 } else { 0 },
            "pointSize": if kind == Kind::Points { 8 } else { 4 }, "showPoints": if kind == Kind::Points { "always" } else { "auto" },
            "lineInterpolation": "linear", "spanNulls": false, "stacking": stacking, "scaleDistribution": scale,
            "thresholdsStyle": {"mode": if panel.cuts.is_some() { "dashed" } else { "off" }},
            "axisPlacement": "auto", "axisSoftMin": if panel.log { Value::Null } else { json!(0) },
        }),
        Kind::Table if panel.heat => {
            json!({"align": "auto", "filterable": false, "cellOptions": {"type": "color-background", "mode": "basic"}})
        }
        Kind::Table => json!({"align": "auto", "filterable": true, "cellOptions": {"type": "auto"}}),
        Kind::States => json!({"fillOpacity": 70, "lineWidth": 0}),
        Kind::Shares => json!({"fillOpacity": 80, "lineWidth": 1}),
        Kind::Stat | Kind::BarGauge | Kind::Gauge => json!({}),
    }
}

/// What a panel's values mean.
fn words(kind: Kind, panel: &Panel) -> Value {
    let failing = [("0".to_owned(), "fine".to_owned()), ("1".to_owned(), "failing".to_owned())];
    let of_panel: Vec<(String, String)> = match kind {
        Kind::States if panel.words.is_empty() => failing.into(),
        _ => panel.words.clone().into_iter().collect(),
    };
    if of_panel.is_empty() {
        return json!([]);
    }
    let bad = if panel.words.is_empty() { "1" } else { "0" };
    let one = |(value, word): (String, String)| {
        let colour = if value == bad { "red" } else { "green" };
        (value, json!({"text": word, "color": colour}))
    };
    json!([{"type": "value", "options": of_panel.into_iter().map(one).collect::<serde_json::Map<_, _>>()}])
}

/// How one field looks, as Grafana's overrides say it.
pub(crate) fn properties(kind: Kind, field: &Field) -> Vec<Value> {
    let mut told = Vec::new();
    let mut tell = |id: &str, value: Value| told.push(json!({"id": id, "value": value}));
    if let Some(name) = &field.name {
        tell("displayName", json!(name));
    }
    if let Some(unit) = &field.unit {
        tell("unit", json!(unit));
    }
    if let Some(decimals) = field.decimals {
        tell("decimals", json!(decimals));
    }
    if let Some(link) = &field.link {
        let away = !link.starts_with('/');
        tell("links", json!([{"title": field.link_title, "url": link, "targetBlank": away}]));
    }
    if let Some(colour) = &field.colour {
        tell("color", json!({"mode": "fixed", "fixedColor": colour}));
    }
    if field.hidden {
        tell("custom.hidden", json!(true));
    }
    if field.bars {
        tell("custom.drawStyle", json!("bars"));
        tell("custom.fillOpacity", json!(30));
        tell("custom.axisPlacement", json!("right"));
    }
    let mapped = if field.band {
        Some(BANDS.map(|(word, colour)| (word, word, colour)).to_vec())
    } else if field.verdict {
        Some(vec![("equal", "equal", "green"), ("DIFFERENT", "DIFFERENT", "red"), ("no data", "no data", "gray")])
    } else {
        field.yes.as_ref().map(|yes| vec![("true", yes.as_str(), "red"), ("false", " ", "text")])
    };
    if let Some(mapped) = mapped {
        let options: serde_json::Map<String, Value> = mapped
            .iter()
            .enumerate()
            .map(|(index, (value, text, colour))| {
                ((*value).to_owned(), json!({"text": text, "color": colour, "index": index}))
            })
            .collect();
        tell("mappings", json!([{"type": "value", "options": options}]));
        if kind == Kind::Table {
            tell("custom.cellOptions", json!({"type": "color-text"}));
        }
    }
    told
}
