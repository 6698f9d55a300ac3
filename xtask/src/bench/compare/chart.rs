//! Bar charts as SVG, for light and dark pages.

use std::fmt::Write;

/// A chart of bars that lie below one another.
pub(super) struct Chart {
    pub(super) title: String,
    pub(super) bars: Vec<Bar>,
    /// A line across all bars: what it says, and where it is.
    pub(super) bound: Option<(String, f64)>,
    /// Digits behind the point.
    pub(super) digits: usize,
}

pub(super) struct Bar {
    pub(super) label: String,
    pub(super) value: f64,
    /// Whether it is this server's.
    pub(super) is_own: bool,
}

const WIDTH: f64 = 760.0;
const LABELS: f64 = 190.0;
/// Right of the longest bar, for its value.
const VALUES: f64 = 80.0;
const TOP: f64 = 44.0;
const STEP: f64 = 26.0;
const THICKNESS: f64 = 18.0;

/// Colours have enough contrast on white and on near-black pages.
const STYLE: &str = "text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600}.bar{fill:#8c959f}.own{fill:#0969da}\
    .bound{stroke:#cf222e;stroke-dasharray:4 3}.limit{fill:#cf222e}@media(prefers-color-scheme:dark){text{fill:#e6edf3}\
    .bar{fill:#6e7681}.own{fill:#4493f8}.bound{stroke:#f85149}.limit{fill:#f85149}}";

// === impl Chart ===

impl Chart {
    pub(super) fn to_svg(&self) -> String {
        let values = self.bars.iter().map(|bar| bar.value).chain(self.bound.iter().map(|(_, value)| *value));
        let most = values.fold(0.0, f64::max).max(f64::MIN_POSITIVE);
        let length = |value: f64| value / most * (WIDTH - LABELS - VALUES);
        let bottom = TOP + STEP * self.bars.len() as f64;
        let height = bottom + if self.bound.is_some() { 26.0 } else { 8.0 };
        let title = escaped(&self.title);
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{title}\">\n\
             <style>{STYLE}</style>\n<text class=\"title\" x=\"8\" y=\"24\">{title}</text>\n"
        );
        for (index, bar) in self.bars.iter().enumerate() {
            let y = TOP + STEP * index as f64;
            let (middle, long, digits) = (y + 13.5, length(bar.value), self.digits);
            let class = if bar.is_own { "own" } else { "bar" };
            // Writing to a string does not fail.
            let _ = writeln!(
                svg,
                "<text x=\"{:.1}\" y=\"{middle:.1}\" text-anchor=\"end\">{}</text>\
                 <rect class=\"{class}\" x=\"{LABELS}\" y=\"{y:.1}\" width=\"{long:.1}\" height=\"{THICKNESS}\" rx=\"2\"/>\
                 <text x=\"{:.1}\" y=\"{middle:.1}\">{:.digits$}</text>",
                LABELS - 8.0,
                escaped(&bar.label),
                LABELS + long + 6.0,
                bar.value,
            );
        }
        if let Some((label, value)) = &self.bound {
            let x = LABELS + length(*value);
            let _ = writeln!(
                svg,
                "<line class=\"bound\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>\
                 <text class=\"limit\" x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{}</text>",
                TOP - 6.0,
                bottom + 14.0,
                escaped(label),
            );
        }
        svg + "</svg>\n"
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(bound: Option<(String, f64)>) -> Chart {
        let bar = |label: &str, value, is_own| Bar { label: label.to_owned(), value, is_own };
        let bars = vec![bar("nginx", 10.0, false), bar("<own> & \"other\"", 20.0, true)];
        Chart { title: "processor time, µs".to_owned(), bars, bound, digits: 1 }
    }

    #[test]
    fn the_longest_bar_takes_all_the_room() {
        let svg = chart(None).to_svg();
        assert!(svg.contains(r#"class="bar" x="190" y="44.0" width="245.0""#), "{svg}");
        assert!(svg.contains(r#"class="own" x="190" y="70.0" width="490.0""#), "{svg}");
        assert!(svg.contains(">10.0</text>") && !svg.contains("<line"));
    }

    #[test]
    fn a_bound_beyond_the_bars_makes_them_shorter() {
        let svg = chart(Some(("40".to_owned(), 40.0))).to_svg();
        assert!(svg.contains(r#"width="245.0""#) && svg.contains(r#"x1="680.0""#), "{svg}");
    }

    #[test]
    fn names_cannot_break_the_document() {
        let svg = chart(None).to_svg();
        assert!(svg.contains("&lt;own&gt; &amp; &quot;other&quot;"));
        assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
        assert!(svg.contains("prefers-color-scheme:dark"));
    }

    #[test]
    fn nothing_measured_is_no_division_by_nothing() {
        let mut chart = chart(None);
        chart.bars.iter_mut().for_each(|bar| bar.value = 0.0);
        assert!(!chart.to_svg().contains("NaN"));
    }
}
