package dev.keyhole.dht.scale;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Small diagrams over one logarithmic axis, two in a row, as SVG text. */
final class Chart {

    private static final int PANEL_WIDTH = 360;
    private static final int PANEL_HEIGHT = 250;
    private static final int TOP = 40;
    private static final int LEFT = 46;
    private static final int RIGHT = 16;
    private static final int HEAD = 44;
    private static final int FOOT = 40;
    private static final int STEPS = 4;
    private static final String[] STYLES = {
        "stroke=\"#0b62a4\" stroke-width=\"2\"",
        "stroke=\"#7fb2d6\" stroke-width=\"1.2\"",
        "stroke=\"#c0561f\" stroke-width=\"1.2\" stroke-dasharray=\"5 4\""
    };

    private final String title;
    private final String axis;
    private final double[] x;
    private final List<Panel> panels = new ArrayList<>();

    Chart(String title, String axis, double[] x) {
        this.title = title;
        this.axis = axis;
        this.x = x.clone();
    }

    /** Adds a diagram of one value for each place on the axis. */
    Panel panel(String name, double[] values) {
        Panel panel = new Panel(name);
        panel.with("mean", values);
        panels.add(panel);
        return panel;
    }

    /** One diagram. */
    static final class Panel {

        private final String name;
        private final List<String> labels = new ArrayList<>();
        private final List<double[]> lines = new ArrayList<>();

        private Panel(String name) {
            this.name = name;
        }

        /** Adds another line to the diagram. */
        Panel with(String label, double[] values) {
            labels.add(label);
            lines.add(values.clone());
            return this;
        }
    }

    String toSvg() {
        int rows = (panels.size() + 1) / 2;
        StringBuilder svg = new StringBuilder();
        add(
                svg,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\""
                        + " font-family=\"sans-serif\" font-size=\"11\">",
                2 * PANEL_WIDTH,
                TOP + rows * PANEL_HEIGHT);
        add(svg, "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>");
        add(svg, "<text x=\"16\" y=\"26\" font-size=\"16\">%s</text>", title);
        for (int i = 0; i < panels.size(); i++) {
            int left = i % 2 * PANEL_WIDTH;
            int top = TOP + i / 2 * PANEL_HEIGHT;
            add(svg, "<g transform=\"translate(%d %d)\">", left, top);
            draw(svg, panels.get(i));
            add(svg, "</g>");
        }
        add(svg, "</svg>");
        return svg.toString();
    }

    private void draw(StringBuilder svg, Panel panel) {
        double step = step(panel);
        int bottom = PANEL_HEIGHT - FOOT;
        add(svg, "<text x=\"16\" y=\"18\" font-size=\"13\">%s</text>", panel.name);
        for (int i = 0; i <= STEPS; i++) {
            double y = y(i * step, step);
            add(
                    svg,
                    "<line x1=\"%d\" y1=\"%.1f\" x2=\"%d\" y2=\"%.1f\" stroke=\"#ddd\"/>",
                    LEFT,
                    y,
                    PANEL_WIDTH - RIGHT,
                    y);
            add(
                    svg,
                    "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>",
                    LEFT - 6,
                    y + 4,
                    plain(i * step));
        }
        for (double at : x) {
            add(
                    svg,
                    "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                    x(at),
                    bottom + 15,
                    String.format(Locale.ROOT, "%,.0f", at));
        }
        add(
                svg,
                "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>",
                (LEFT + PANEL_WIDTH - RIGHT) / 2,
                bottom + 31,
                axis);
        for (int i = 0; i < panel.lines.size(); i++) {
            line(svg, panel.lines.get(i), STYLES[i], step, i == 0);
            if (panel.lines.size() > 1) {
                int at = LEFT + 4 + 106 * i;
                add(
                        svg,
                        "<line x1=\"%d\" y1=\"30\" x2=\"%d\" y2=\"30\" %s/>",
                        at,
                        at + 16,
                        STYLES[i]);
                add(svg, "<text x=\"%d\" y=\"34\">%s</text>", at + 20, panel.labels.get(i));
            }
        }
    }

    private void line(StringBuilder svg, double[] values, String style, double step, boolean dots) {
        StringBuilder points = new StringBuilder();
        for (int i = 0; i < x.length; i++) {
            points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(x[i]), y(values[i], step)));
        }
        add(svg, "<polyline points=\"%s\" fill=\"none\" %s/>", points.toString().strip(), style);
        for (int i = 0; dots && i < x.length; i++) {
            add(
                    svg,
                    "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"#0b62a4\"/>",
                    x(x[i]),
                    y(values[i], step));
        }
    }

    private double x(double value) {
        double first = Math.log(x[0]);
        double last = Math.log(x[x.length - 1]);
        double share = last == first ? 0.5 : (Math.log(value) - first) / (last - first);
        return LEFT + 12 + share * (PANEL_WIDTH - LEFT - RIGHT - 30);
    }

    private static double y(double value, double step) {
        double height = PANEL_HEIGHT - HEAD - FOOT;
        return PANEL_HEIGHT - FOOT - value / (STEPS * step) * height;
    }

    /** A round number of which a few make the greatest value. */
    private static double step(Panel panel) {
        double greatest =
                panel.lines.stream().flatMapToDouble(Arrays::stream).max().orElse(1) / STEPS;
        double power = Math.pow(10, Math.floor(Math.log10(greatest)));
        for (double factor : new double[] {1, 1.5, 2, 2.5, 3, 4, 5, 7.5}) {
            if (factor * power >= greatest) {
                return factor * power;
            }
        }
        return 10 * power;
    }

    private static String plain(double value) {
        return value == Math.rint(value)
                ? String.format(Locale.ROOT, "%,.0f", value)
                : String.format(Locale.ROOT, "%.1f", value);
    }

    private static void add(StringBuilder svg, String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values)).append('\n');
    }
}
