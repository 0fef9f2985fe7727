//! The headlines as an SVG that stands by itself: five cards with value, band and sparkline. No scripts and no fonts of
//! its own; colours follow the reader's light or dark, and every colour has its word beside it.

use std::fmt::Write;

use super::headlines::Headline;

const CARD: f64 = 192.0;
const GAP: f64 = 10.0;
const HEIGHT: f64 = 176.0;
const TOP: f64 = 40.0;
const MARGIN: f64 = 12.0;
/// The sparkline's box within a card: left, top, width, height.
const SPARK: [f64; 4] = [14.0, 122.0, 164.0, 36.0];

const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;fill:#1f2328}
.card{fill:#ffffff;stroke:#d1d9e0}.quiet{fill:#59636e}.line{stroke:#59636e}.dot{fill:#59636e}
.elite{fill:#8250df}.high{fill:#1a7f37}.medium{fill:#9a6700}.low{fill:#cf222e}.unknown,.none{fill:#59636e}
.word{fill:#ffffff}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.card{fill:#151b23;stroke:#3d444d}.quiet{fill:#9198a1}
.line{stroke:#9198a1}.dot{fill:#9198a1}.word{fill:#ffffff}}";

/// Draws the cards under a title.
pub(super) fn draw(title: &str, headlines: &[Headline]) -> String {
    let width = 2.0 * MARGIN + headlines.len() as f64 * (CARD + GAP) - GAP;
    let height = TOP + HEIGHT + MARGIN;
    let told: Vec<String> =
        headlines.iter().map(|one| format!("{}: {}, {}", one.name, one.shown(), one.band)).collect();
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         role=\"img\" aria-labelledby=\"title told\">\n<title id=\"title\">{title}</title>\n<desc id=\"told\">{told}</desc>\n\
         <style>{STYLE}</style>\n<text x=\"{MARGIN}\" y=\"26\" font-size=\"15\" font-weight=\"600\">{title}</text>\n",
        title = escaped(title),
        told = escaped(&told.join("; ")),
    );
    for (place, headline) in headlines.iter().enumerate() {
        // Writing to a String cannot fail.
        let _ = writeln!(
            svg,
            "<g transform=\"translate({} {TOP})\">{}</g>",
            MARGIN + place as f64 * (CARD + GAP),
            card(headline)
        );
    }
    svg + "</svg>\n"
}

fn card(headline: &Headline) -> String {
    let band = class(&headline.band);
    let pill = 16.0 + 7.2 * headline.band.chars().count() as f64;
    let value_class = if headline.value.is_some() { "" } else { " class=\"quiet\"" };
    format!(
        "<rect class=\"card\" width=\"{CARD}\" height=\"{HEIGHT}\" rx=\"8\"/>\
         <text class=\"quiet\" x=\"14\" y=\"26\" font-size=\"12\">{name}</text>\
         <text{value_class} x=\"14\" y=\"56\" font-size=\"24\" font-weight=\"600\">{value}</text>\
         <rect class=\"{band}\" x=\"14\" y=\"68\" width=\"{pill:.1}\" height=\"18\" rx=\"9\"/>\
         <text class=\"word\" x=\"{middle:.1}\" y=\"81\" font-size=\"11\" font-weight=\"600\" text-anchor=\"middle\">{word}</text>\
         <text class=\"quiet\" x=\"{after:.1}\" y=\"81\" font-size=\"11\">{before}</text>\
         <text class=\"quiet\" x=\"14\" y=\"106\" font-size=\"11\">{sample}</text>{spark}",
        name = escaped(headline.name),
        value = escaped(&headline.shown()),
        middle = 14.0 + pill / 2.0,
        word = escaped(&headline.band),
        after = 14.0 + pill + 8.0,
        before = escaped(&headline.shown_before()),
        sample = escaped(&headline.sample),
        spark = sparkline(&headline.trend),
    )
}

/// The class that colours a band; a word that is not known is grey.
fn class(band: &str) -> &'static str {
    ["elite", "high", "medium", "low"].into_iter().find(|known| *known == band).unwrap_or("unknown")
}

/// A line from zero up, broken where nothing is known; a point alone is a dot.
fn sparkline(trend: &[Option<f64>]) -> String {
    let [left, top, width, height] = SPARK;
    let highest = trend.iter().flatten().copied().fold(0.0, f64::max);
    let step = width / (trend.len().max(2) - 1) as f64;
    let at = |place: usize, value: f64| {
        let share = if highest > 0.0 { value / highest } else { 0.0 };
        (left + step * place as f64, top + height * (1.0 - share))
    };
    let mut drawn = format!(
        "<line class=\"line\" x1=\"{left}\" y1=\"{base}\" x2=\"{right}\" y2=\"{base}\" stroke-opacity=\"0.35\"/>",
        base = top + height,
        right = left + width
    );
    for run in runs(trend) {
        let points: Vec<(f64, f64)> = run.iter().map(|(place, value)| at(*place, *value)).collect();
        let _ = match points.as_slice() {
            [(x, y)] => write!(drawn, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2\"/>"),
            points => {
                let points: Vec<String> = points.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
                write!(
                    drawn,
                    "<polyline class=\"line\" fill=\"none\" stroke-width=\"1.5\" stroke-linejoin=\"round\" points=\"{}\"/>",
                    points.join(" ")
                )
            }
        };
    }
    drawn
}

/// Stretches of known values, each with its place.
fn runs(trend: &[Option<f64>]) -> Vec<Vec<(usize, f64)>> {
    let mut runs: Vec<Vec<(usize, f64)>> = Vec::new();
    for (place, value) in trend.iter().enumerate().filter_map(|(place, value)| Some((place, (*value)?))) {
        match runs.last_mut().filter(|run| run.last().is_some_and(|(last, _)| last + 1 == place)) {
            Some(run) => run.push((place, value)),
            None => runs.push(vec![(place, value)]),
        }
    }
    runs
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::headlines::{read, tests::answer};
    use super::*;

    #[test]
    fn every_card_says_its_band_in_a_word_and_nothing_runs_or_is_fetched() {
        let svg = draw("DORA of <shop> & \"co\"", &read(&answer()));
        assert_eq!(svg.matches("class=\"card\"").count(), 5);
        for word in [">high<", ">elite<", ">medium<", ">unknown<", ">no data<", "prefers-color-scheme:dark"] {
            assert!(svg.contains(word), "{word}");
        }
        assert!(svg.contains("DORA of &lt;shop&gt; &amp; &quot;co&quot;"));
        let links = svg.replace("http://www.w3.org/2000/svg", "");
        for foreign in ["<script", "<image", "@import", "http:", "https:", "url(", "NaN", "inf"] {
            assert!(!links.contains(foreign), "{foreign}");
        }
    }

    #[test]
    fn a_line_is_broken_where_nothing_is_known_and_stays_in_its_box() {
        let broken = sparkline(&[Some(1.0), None, Some(2.0), Some(3.0)]);
        assert_eq!((broken.matches("<polyline").count(), broken.matches("<circle").count()), (1, 1));
        for flat in [sparkline(&[]), sparkline(&[None]), sparkline(&[Some(0.0)]), sparkline(&[Some(0.0), Some(0.0)])] {
            assert!(!flat.contains("NaN") && !flat.contains("inf"), "{flat}");
        }
    }

    #[test]
    fn nothing_is_drawn_as_nothing() {
        let svg = draw("DORA, last day", &read(&json!({})));
        assert_eq!((svg.matches(">no data<").count(), svg.matches("<polyline").count()), (5, 0));
    }
}
