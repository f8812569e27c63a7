//! Curves over a number of connections, as SVG.

use std::fmt::Write;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
const LEFT: f64 = 70.0;

/// One panel for each curve, from zero up, the numbers of connections on a scale of powers of ten.
pub fn draw(curves: &[(&str, Vec<(usize, f64)>)]) -> String {
    let whole = (HEIGHT + 60.0) * curves.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{whole}\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"white\"/>\n",
        WIDTH + LEFT + 30.0
    );
    for (number, (title, points)) in curves.iter().enumerate() {
        let top = 30.0 + (HEIGHT + 60.0) * number as f64;
        let most = points.iter().map(|(_, value)| *value).fold(1.0, f64::max) * 1.2;
        let first = points.first().map_or(1.0, |(count, _)| *count as f64).log10();
        let last = points.last().map_or(10.0, |(count, _)| *count as f64).log10().max(first + 0.1);
        let x = |count: usize| LEFT + ((count as f64).log10() - first) / (last - first) * WIDTH;
        let y = |value: f64| top + HEIGHT * (1.0 - value / most);
        let _ = writeln!(svg, "<text x=\"{LEFT}\" y=\"{}\">{title}</text>", top - 8.0);
        let _ = writeln!(svg, "<path d=\"M{LEFT} {top}v{HEIGHT}h{WIDTH}\" fill=\"none\" stroke=\"black\"/>");
        let line: Vec<String> =
            points.iter().map(|(count, value)| format!("{:.1},{:.1}", x(*count), y(*value))).collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"#06c\" stroke-width=\"2\"/>",
            line.join(" ")
        );
        for (count, value) in points {
            let (x, y) = (x(*count), y(*value));
            let _ = writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"#06c\"/>");
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{value:.0}</text>",
                y - 8.0
            );
            let _ = writeln!(
                svg,
                "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\">{count}</text>",
                top + HEIGHT + 16.0
            );
        }
    }
    svg + "</svg>\n"
}
